// SPDX-License-Identifier: Apache-2.0

internal import CRabbitMQ
internal import FlotillaEngine
internal import FlotillaRuntime
internal import Synchronization

/// The connection for what is asked rarely and answered at once: declaring, checking, looking at letters. Opened for the first question,
/// closed when nobody has asked for a while. Owns its Loop: its calls block there, each with a deadline.
///
/// Sendable because only the thread of the loop touches what is mutable here, but for what is atomic or has a lock.
final class SetupLine: @unchecked Sendable {
    private let loop: Loop
    private let door: Door
    private let address: BrokerAddress
    private let name: String
    private let watch = SocketWatch()
    private let isClosing = Atomic(false)
    /// Of the question that is under way.
    private let limit = Mutex(callLimit)
    private var link: Link?
    private var idle: LoopTimer?
    private var host = 0

    /// Shorter than a heartbeat, which nobody sends here.
    static let idleLimit = Duration.seconds(8)
    /// For one question as a whole: a list of letters may be long.
    static let callLimit = Duration.seconds(300)
    static let channel: UInt16 = 1
    private static let closed = BrokerFailure(.away, "the broker is closed")

    init(_ address: BrokerAddress, name: String, loop: Loop) {
        self.address = address
        self.name = name
        self.loop = loop
        door = Door(loop)
    }

    /// Runs `body` on the loop, with a channel that is open, and closed afterwards. A connection that turns out to be gone is opened
    /// again, once, if `body` may be run again. What sends much has no deadline of its own, and is ended after `limit`.
    func ask<Value: Sendable>(
        repeatable: Bool = true, within limit: Duration = callLimit, _ body: @escaping @Sendable (Link) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let posted = door.post {
                self.limit.withLock { $0 = limit }
                continuation.resume(with: Result { try self.run(repeatable, body) })
            }
            if !posted { continuation.resume(throwing: Self.closed) }
        }
    }

    /// Closes the connection; the next question opens another one. Whatever it still held goes back to its queue.
    func leave() async {
        _ = await withCheckedContinuation { continuation in
            let posted = door.post {
                self.link?.sayGoodbye()
                self.drop()
                continuation.resume(returning: true)
            }
            if !posted { continuation.resume(returning: false) }
        }
    }

    /// What waits for its turn fails.
    func close() async {
        isClosing.store(true, ordering: .relaxed)
        await door.close {
            if let idle = self.idle { self.loop.cancel(idle) }
            self.link?.close()
        }
    }

    func cut() { watch.cut() }
    func watchOver() { watch.end(ifBusyFor: limit.withLock { $0 }) }

    private func run<Value>(_ repeatable: Bool, _ body: (Link) throws -> Value) throws -> Value {
        if let idle { loop.cancel(idle) }
        defer { idle = loop.schedule(after: Self.idleLimit) { [weak self] in self?.drop() } }
        watch.enters()
        defer { watch.leaves() }
        guard !isClosing.load(ordering: .relaxed) else { throw Self.closed }
        var mayTryAgain = repeatable && link != nil
        while true {
            do {
                return try attempt(body)
            } catch let failure as LinkFailure {
                guard failure.kind == .lost, mayTryAgain else {
                    throw BrokerFailure(failure.kind == .lost ? .away : .refused, failure.description)
                }
                mayTryAgain = false
            }
        }
    }

    private func attempt<Value>(_ body: (Link) throws -> Value) throws -> Value {
        do {
            let link = try connected()
            try link.openChannel(Self.channel)
            let value = try body(link)
            try link.closeChannel(Self.channel)
            link.release()
            return value
        } catch {
            // Whatever state its channel is in: what it held goes back to its queue.
            drop()
            throw error
        }
    }

    private func connected() throws(LinkFailure) -> Link {
        if let link { return link }
        var last = LinkFailure.lost("there is no host")
        for _ in address.hosts {
            do throws(LinkFailure) {
                let link = try Link(address, host: address.hosts[host], name: name, watch: watch)
                self.link = link
                return link
            } catch {
                last = error
                host = (host + 1) % address.hosts.count
            }
        }
        throw last
    }

    private func drop() {
        link?.close()
        link = nil
    }
}
