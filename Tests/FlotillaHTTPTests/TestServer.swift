// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaRuntime
import Synchronization

/// Answers by path: `/` with the body, `/hold` when the test says so, others as the tests need them.
final class TestResponder: Responder {
    private struct State {
        var arrived = 0
        var arrivals: [(count: Int, waiter: CheckedContinuation<Void, Never>)] = []
        var isOpen = false
        var held: [CheckedContinuation<Void, Never>] = []
        var loops: Set<String> = []
        var refusals: [String] = []
        var waits: [Duration] = []
    }

    private let state = Mutex(State())
    let loops: [Loop]

    init(loops: [Loop]) {
        self.loops = loops
    }

    func admit(_ head: RequestHead) -> Admission {
        head.path == "/nowhere" ? .answer(.json(404, Array(#"{"error":"no such hook"}"#.utf8))) : .proceed(self)
    }

    func respond(to request: Request, admitted: (any Sendable & AnyObject)?) async -> Response {
        // What was said of the head comes back with the body.
        guard admitted === self else { return Response(status: 500) }
        noteLoop()
        let wait = Duration.nanoseconds(Int64(MonotonicClock.now &- (request.arrival ?? 0)))
        let waiters = state.withLock { state in
            state.arrived += 1
            state.waits.append(wait)
            defer { state.arrivals.removeAll { $0.count <= state.arrived } }
            return state.arrivals.filter { $0.count <= state.arrived }.map(\.waiter)
        }
        for waiter in waiters { waiter.resume() }
        switch request.head.path {
        case "/hold": await hold()
        case "/peer":
            let isLocal = [NetworkAddress("127.0.0.1"), NetworkAddress("::1")].contains(request.head.peer)
            return Response(status: 200, body: Array((isLocal ? "local" : "other").utf8))
        case "/empty": return Response(status: 204)
        case "/large": return Response(status: 200, body: Array(repeating: UInt8(ascii: "l"), count: 8_000_000))
        case "/forged":
            return Response(
                status: 200,
                headers: Headers([
                    ("X-A", "a\r\nX-Evil: 1"), ("X-B", "b\0c"), ("X C", "d"), ("X-D", "e"), ("Content-Length", "7"),
                    ("Connection", "upgrade"),
                ]))
        default: break
        }
        noteLoop()
        return Response(status: 200, headers: Headers([("X-Target", request.head.target)]), body: request.body)
    }

    func refused(_ target: String?, with status: Int, from peer: NetworkAddress) {
        state.withLock { $0.refusals.append("\(status) \(target ?? "nowhere")") }
    }

    /// What the session refused by itself.
    var refusals: [String] { state.withLock { $0.refusals } }

    /// For each request, how long ago its first byte had come.
    var waits: [Duration] { state.withLock { $0.waits } }

    private func noteLoop() {
        let loop = loops.first { $0.isOnLoop }?.name ?? "none"
        state.withLock { _ = $0.loops.insert(loop) }
    }

    private func hold() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.held.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    /// Returns when so many requests have come, since the beginning.
    func arrived(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let already = state.withLock { state in
                if state.arrived < count { state.arrivals.append((count, continuation)) }
                return state.arrived >= count
            }
            if already { continuation.resume() }
        }
    }

    /// Lets all go that are held, and those to come.
    func open() {
        let held = state.withLock { state in
            state.isOpen = true
            defer { state.held = [] }
            return state.held
        }
        for continuation in held { continuation.resume() }
    }

    var loopsSeen: Set<String> { state.withLock { $0.loops } }
}

/// A server with its loops, for the length of one test.
struct TestServer {
    let server: Server
    let responder: TestResponder
    var port: UInt16 { server.port }

    static func run(
        loops count: Int = 1, address: String = "127.0.0.1:0", limits: Limits = Limits(), inflight: InflightBytes = InflightBytes(),
        tls: TLSCredentials? = nil, _ body: (TestServer) async throws -> Void
    ) async throws {
        guard let address = ListenAddress(address) else { throw Failure.address }
        let loops = try (0..<count).map { try Loop("test-\($0)") }
        let responder = TestResponder(loops: loops)
        let server = Server(loops: loops, address: address, limits: limits, responder: responder, inflight: inflight, tls: tls)
        do {
            try await server.start()
            try await body(TestServer(server: server, responder: responder))
            await end(server, responder, loops)
        } catch {
            await end(server, responder, loops)
            throw error
        }
    }

    private static func end(_ server: Server, _ responder: TestResponder, _ loops: [Loop]) async {
        responder.open()
        await server.stop()
        for loop in loops { loop.stop() }
        for loop in loops { await loop.ended() }
    }

    enum Failure: Error { case address }
}

func post(_ target: String, _ body: String, _ fields: String = "") -> String {
    "POST \(target) HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)"
}
