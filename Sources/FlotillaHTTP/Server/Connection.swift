// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime
internal import Glibc

/// One client. Made by a ServerLoop when it accepts, lives on that loop, and ends by `close()`, which happens once.
///
/// It reads a request, hands it to the responder, writes the answer, and starts again: one request at a time, so that pipelined
/// answers leave in order. While a request is being answered, what the client sends ahead waits in `pending`, up to a limit.
///
/// Sendable because only the thread of its loop touches it; the task that answers runs there too.
final class Connection: @unchecked Sendable {
    enum Phase {
        /// Between requests, or in the middle of one.
        case receiving
        /// The responder has a request.
        case answering
        /// An answer is on its way, and the client is slow to take it.
        case writing
        /// The last answer is out; what the client still sends is thrown away, so that no reset overtakes the answer.
        case lingering
        case closed
    }

    let home: ServerLoop
    let descriptor: Int32
    let peer: NetworkAddress
    /// Nil on a plain connection.
    private(set) var tls: TLSSession?
    /// How much of `unsent` TLS has added by itself.
    var chatter = 0
    var phase = Phase.receiving
    var parser: RequestParser
    /// Received and not yet taken by the parser. Empty, without memory, while the connection is idle.
    var pending: [UInt8] = []
    /// When the request that is being received began, and when that of `pending` did: moments of the monotonic clock.
    var arrival: UInt64?
    private var pendingSince: UInt64 = 0
    /// The part of an answer that the socket did not take; of a TLS handshake, too.
    var unsent: [UInt8] = []
    var unsentStart = 0
    /// The client has finished sending; it may still read.
    var inputEnded = false
    /// True once the answer under way is the last one.
    var closesAfterAnswer = false
    /// Input may be on its way that nobody will read.
    var leavesInput = false
    var withoutBody = false
    /// What the responder said of the head of the request under way.
    var admitted: (any Sendable & AnyObject)?
    /// Refused at its head, and answered so when its body has been thrown away.
    var earlyAnswer: Response?
    /// Bytes taken from the budget for the body that is held.
    var taken = 0
    var deadline = Deadline()
    private var watch: Watch?
    private var interest = Readiness(rawValue: 0)
    private(set) var isAdvancing = false

    init(home: ServerLoop, descriptor: Int32, peer: NetworkAddress, tls: TLSSession?) {
        self.home = home
        self.descriptor = descriptor
        self.peer = peer
        self.tls = tls
        parser = RequestParser(limits: home.limits)
    }

    var isClosed: Bool { if case .closed = phase { true } else { false } }

    private var keepsInput: Bool {
        switch phase {
        case .receiving, .answering, .writing: true
        case .lingering, .closed: false
        }
    }

    /// No request is being received or answered.
    var isIdle: Bool {
        if case .receiving = phase { parser.isIdle && pending.isEmpty && tls?.isMidway != true } else { false }
    }

    func open() {
        do {
            interest = .readable
            watch = try home.loop.watch(descriptor, for: interest) { [self] readiness in ready(readiness) }
            if tls == nil {
                setDeadline(.idle, after: home.limits.idleTime)
            } else {
                setDeadline(.handshake, after: home.limits.handshakeTime)
            }
        } catch {
            close()
        }
    }

    func close() {
        guard !isClosed else { return }
        if let tls, unsent.isEmpty {
            tls.sayGoodbye()
            _ = sendOutput(of: tls)
        }
        let answering = if case .answering = phase { true } else { false }
        phase = .closed
        if let watch { home.loop.cancel(watch) }
        watch = nil
        endDeadline()
        Glibc.close(descriptor)
        pending = []
        unsent = []
        // The responder still holds the body: the budget gets it back when it is done.
        if !answering { giveBack() }
        home.closed(self)
    }

    /// For the drain. A request may lie in the socket already: it is served.
    func closeIfIdle() {
        guard isIdle else { return }
        receive()
        if isIdle { close() }
    }

    func giveBack() {
        if taken > 0 { home.inflight.give(taken) }
        taken = 0
    }

    // MARK: Events of the socket

    private func ready(_ readiness: Readiness) {
        // Both directions are gone: no answer can reach anybody.
        if readiness.has(.hangup) || readiness.has(.failed) { return close() }
        if readiness.has(.writable) { flush() }
        if readiness.has(.readable), !isClosed { receive() }
    }

    /// One read for each readiness: a client that sends without end doesn't keep its neighbours waiting.
    func receive() {
        let buffer = home.readBuffer
        let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
        if count > 0 {
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[0..<count])
            if let tls { decrypt(bytes, by: tls) } else { received(bytes) }
        } else if count == 0 {
            endInput()
        } else if errno != EAGAIN && errno != EINTR {
            close()
        }
    }

    func endInput() {
        inputEnded = true
        if case .receiving = phase { return close() }
        if case .lingering = phase { return close() }
        updateInterest()
    }

    func received(_ bytes: UnsafeRawBufferPointer) {
        switch phase {
        case .receiving where pending.isEmpty:
            if parser.isIdle { arrival = MonotonicClock.now }
            // The usual way: a request is parsed where it was received, and only a body is copied.
            var cursor = ByteCursor(bytes)
            advance(&cursor)
            if keepsInput, cursor.remaining > 0 {
                pendingSince = MonotonicClock.now
                pending.append(contentsOf: cursor.rest)
            }
        case .receiving:
            pending.append(contentsOf: bytes)
            advancePending()
        case .answering, .writing:
            if pending.isEmpty { pendingSince = MonotonicClock.now }
            pending.append(contentsOf: bytes)
        case .lingering, .closed:
            return
        }
        settle()
    }

    /// Parses what waits, as far as it goes.
    func advancePending() {
        guard !isAdvancing, !pending.isEmpty else { return }
        if parser.isIdle { arrival = pendingSince }
        // Moved out: whatever is answered meanwhile may not see it change.
        var input: [UInt8] = []
        swap(&input, &pending)
        let taken = input.withUnsafeBytes { bytes in
            var cursor = ByteCursor(bytes)
            advance(&cursor)
            return cursor.taken
        }
        guard keepsInput, taken < input.count else { return }
        if taken > 0 { input.removeFirst(taken) }
        pending = input
    }

    private func advance(_ cursor: inout ByteCursor) {
        isAdvancing = true
        defer { isAdvancing = false }
        while case .receiving = phase {
            let step = parser.next(&cursor)
            guard hold(parser.heldBytes) else { return refuse(.tooManyBytes) }
            switch step {
            case .more: return
            case .head(var head):
                head.peer = peer
                admit(head)
            case .sendContinue: sendContinue()
            case .request(var request):
                request.head.peer = peer
                answer(request)
            case .discarded: answerEarly()
            case .refuse(let refusal): refuse(refusal)
            }
        }
    }

    /// After input was looked at: what to wait for now, and until when.
    func settle() {
        guard !isClosed else { return }
        if case .receiving = phase {
            if inputEnded { return close() }
            if let tls, !tls.isEstablished {
                keepDeadline(.handshake, after: home.limits.handshakeTime)
            } else if isIdle {
                setDeadline(.idle, after: home.limits.idleTime)
            } else if parser.isInBody {
                keepDeadline(.body, after: home.limits.bodyTime)
            } else {
                keepDeadline(.head, after: home.limits.headTime)
            }
        }
        updateInterest()
    }

    func updateInterest() {
        guard let watch else { return }
        var wanted: UInt32 = 0
        let waits = if case .receiving = phase { true } else if case .lingering = phase { true } else { false }
        if !inputEnded, waits || pending.count < home.limits.aheadBytes { wanted |= Readiness.readable.rawValue }
        if !unsent.isEmpty { wanted |= Readiness.writable.rawValue }
        guard wanted != interest.rawValue else { return }
        interest = Readiness(rawValue: wanted)
        home.loop.change(watch, to: interest)
    }

    /// The client does not speak TLS: it is told so in its own language, this once.
    func goOnPlainly() { tls = nil }
}

extension Readiness {
    /// The set operations of another module's OptionSet are called unspecialized: bits, for what runs on each event.
    fileprivate func has(_ one: Readiness) -> Bool { rawValue & one.rawValue != 0 }
}
