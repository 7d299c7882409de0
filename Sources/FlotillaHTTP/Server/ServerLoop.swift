// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import FlotillaRuntime
internal import Glibc

/// The part of a Server that lives on one loop: its listening socket, its connections, and the buffers that they share.
/// Made by `Server.start`, ended by `drain` or `stop`, when its last connection is closed.
///
/// Sendable because only the thread of its loop touches it, from `listen` on.
final class ServerLoop: @unchecked Sendable {
    let loop: Loop
    let limits: Limits
    let responder: any Responder
    let inflight: InflightBytes
    let hooks: ServerHooks
    private let tls: TLSCredentials?
    private let total: ConnectionTotal
    private let socket: Int32
    private var watch: Watch?
    private var isListening = true
    private var connections: [Int32: Connection] = [:]
    private var emptied: [@Sendable () -> Void] = []
    private(set) var isDraining = false
    /// When requests must have arrived, once the drain has begun.
    private(set) var receivingEnds = UInt64.max
    /// What every connection of this loop reads into: a request is parsed in here, and only what must last is copied.
    let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)
    /// What every TLS connection of this loop decrypts into.
    let plainBuffer: UnsafeMutableRawBufferPointer
    private var writeBuffer: [UInt8] = []
    private var date = DateHeader()

    init(
        loop: Loop, socket: Int32, limits: Limits, responder: any Responder, inflight: InflightBytes, hooks: ServerHooks,
        tls: TLSCredentials?, total: ConnectionTotal
    ) {
        self.loop = loop
        self.socket = socket
        self.limits = limits
        self.responder = responder
        self.inflight = inflight
        self.hooks = hooks
        self.tls = tls
        self.total = total
        plainBuffer = .allocate(byteCount: tls == nil ? 0 : 16 * 1024, alignment: 16)
    }

    deinit {
        readBuffer.deallocate()
        plainBuffer.deallocate()
    }

    // MARK: Accepting

    func listen() throws(LoopFailure) {
        watch = try loop.watch(socket, for: .readable) { [self] _ in accept() }
    }

    private func accept() {
        // Bounded: clients that come without end don't keep the connections of this loop waiting.
        for _ in 0..<64 {
            var peer = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let descriptor = withUnsafeMutablePointer(to: &peer) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { flotilla_accept(socket, $0, &length) }
            }
            if descriptor < 0 {
                switch errno {
                case EAGAIN: return
                case EMFILE, ENFILE, ENOBUFS, ENOMEM: return pause()
                // This one client is gone before it was taken.
                default: continue
                }
            }
            take(descriptor, from: NetworkAddress(peer))
        }
    }

    /// Past the limit a client is told so, as long as there are not many of these either.
    private func take(_ descriptor: Int32, from peer: NetworkAddress) {
        let count = total.add()
        guard count <= limits.connections + 64, let session = session() else {
            total.remove()
            close(descriptor)
            return
        }
        let connection = Connection(home: self, descriptor: descriptor, peer: peer, tls: session)
        connections[descriptor] = connection
        connection.open()
        if count > limits.connections, !connection.isClosed { connection.refuse(.tooManyConnections) }
    }

    /// Nil inside for a plain connection; nil altogether when OpenSSL has no memory for one.
    private func session() -> TLSSession?? {
        guard let tls else { return .some(nil) }
        return tls.session().map { .some($0) }
    }

    /// No descriptor is left: the socket would report the waiting client without end.
    private func pause() {
        guard let watch else { return }
        loop.change(watch, to: [])
        _ = loop.schedule(after: .milliseconds(100)) { [self] in
            if let watch = self.watch { loop.change(watch, to: .readable) }
        }
    }

    func closed(_ connection: Connection) {
        connections[connection.descriptor] = nil
        total.remove()
        tellIfEmpty()
    }

    // MARK: Ending

    /// Takes what has already connected, stops listening, closes what is idle, and gives the rest a last deadline. `done` is called when nothing is left.
    func drain(_ done: @escaping @Sendable () -> Void) {
        emptied.append(done)
        if !isDraining {
            accept()
            endListening()
            isDraining = true
            receivingEnds = MonotonicClock.now &+ limits.drainTime.inNanoseconds
            for connection in Array(connections.values) {
                connection.closeIfIdle()
                connection.shortenDeadline()
            }
        }
        tellIfEmpty()
    }

    /// Closes everything at once. Requests that are with the responder run to their end, unheard.
    func stop(_ done: @escaping @Sendable () -> Void) {
        emptied.append(done)
        endListening()
        isDraining = true
        for connection in Array(connections.values) { connection.close() }
        tellIfEmpty()
    }

    private func endListening() {
        guard isListening else { return }
        isListening = false
        if let watch { loop.cancel(watch) }
        watch = nil
        close(socket)
    }

    private func tellIfEmpty() {
        guard isDraining, connections.isEmpty else { return }
        let waiting = emptied
        emptied = []
        for done in waiting { done() }
    }

    // MARK: Buffers

    /// The bytes of an answer, in memory that is used for the next answer again.
    func withBytes(of response: Response, _ format: ResponseBytes, _ body: (UnsafeRawBufferPointer) -> Bool) -> Bool {
        date.refresh(DateHeader.wallClock)
        writeBuffer.removeAll(keepingCapacity: writeBuffer.capacity <= 1024 * 1024)
        format.write(response, date: date.line, to: &writeBuffer)
        return writeBuffer.withUnsafeBytes(body)
    }
}
