// SPDX-License-Identifier: Apache-2.0

package import FlotillaRuntime
internal import Synchronization

/// An HTTP/1.1 server on one or several loops, each with a listening socket of its own on the same port.
///
/// Made with its responder, started once, and ended by `drain()` (nothing accepted is lost) or `stop()` (at once).
/// The loops are not its own: they are stopped by whoever made them, after the server has ended.
package final class Server: Sendable {
    private let loops: [Loop]
    private let address: ListenAddress
    private let limits: Limits
    private let responder: any Responder
    private let hooks: ServerHooks
    private let tls: TLSCredentials?
    private let total = ConnectionTotal()
    private let state = Mutex(State())
    package let inflight: InflightBytes

    private struct State {
        var wasStarted = false
        var parts: [ServerLoop] = []
        var port: UInt16 = 0
    }

    /// Speaks HTTPS where there are credentials.
    package init(
        loops: [Loop], address: ListenAddress, limits: Limits = Limits(), responder: any Responder,
        inflight: InflightBytes = InflightBytes(), hooks: ServerHooks = ServerHooks(), tls: TLSCredentials? = nil
    ) {
        self.loops = loops
        self.address = address
        self.limits = limits
        self.responder = responder
        self.inflight = inflight
        self.hooks = hooks
        self.tls = tls
    }

    /// Open connections, over all loops.
    package var connections: Int { total.count }

    /// The port that is listened on, also when the kernel was to choose one. 0 before the start.
    package var port: UInt16 { state.withLock { $0.port } }

    /// Returns when every loop accepts.
    package func start() async throws(ServerFailure) {
        guard !loops.isEmpty else { throw .noLoop }
        let isFirst = state.withLock { state in
            defer { state.wasStarted = true }
            return !state.wasStarted
        }
        guard isFirst else { throw .started }
        let (sockets, port) = try ListeningSocket.open(address, count: loops.count)
        let parts = zip(loops, sockets).map { loop, socket in
            ServerLoop(
                loop: loop, socket: socket, limits: limits, responder: responder, inflight: inflight, hooks: hooks, tls: tls,
                total: total)
        }
        state.withLock { state in
            state.parts = parts
            state.port = port
        }
        for part in parts {
            let failure: LoopFailure? = await withCheckedContinuation { continuation in
                part.loop.post {
                    do throws(LoopFailure) {
                        try part.listen()
                        continuation.resume(returning: nil)
                    } catch {
                        continuation.resume(returning: error)
                    }
                }
            }
            if case .system(let call, let code) = failure {
                await stop()
                throw .system(call, code)
            }
        }
    }

    /// Stops listening, closes idle connections, answers what is being received or answered with `Connection: close`.
    /// Returns when no connection is left: what has not arrived within `Limits.drainTime` is refused with 503, and an answer that is not
    /// taken within `Limits.drainWriteTime` is cut off, so that beyond these only the responder takes its time.
    package func drain() async {
        await onEveryLoop { part, done in part.drain(done) }
    }

    /// Closes every connection. An answer that comes afterwards is dropped.
    package func stop() async {
        await onEveryLoop { part, done in part.stop(done) }
    }

    private func onEveryLoop(_ body: @escaping @Sendable (ServerLoop, @escaping @Sendable () -> Void) -> Void) async {
        let parts = state.withLock { $0.parts }
        await withTaskGroup { group in
            for part in parts {
                group.addTask {
                    await withCheckedContinuation { continuation in
                        part.loop.post { body(part) { continuation.resume() } }
                    }
                }
            }
        }
    }
}

/// How many connections a server has open, over all its loops.
final class ConnectionTotal: Sendable {
    private let value = Atomic<Int>(0)

    var count: Int { value.load(ordering: .relaxed) }

    func add() -> Int { value.add(1, ordering: .relaxed).newValue }

    func remove() { value.subtract(1, ordering: .relaxed) }
}
