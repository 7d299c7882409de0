// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import FlotillaRuntime
internal import Glibc

/// From a request that was received to the last byte of its answer.
extension Connection {
    // MARK: Received

    func admit(_ head: RequestHead) {
        withoutBody = head.method == "HEAD"
        closesAfterAnswer = !parser.keepsConnection
        guard let answer = ask(about: head) else { return }
        if parser.discardBody() {
            earlyAnswer = answer
        } else {
            closesAfterAnswer = true
            leavesInput = true
            write(answer)
        }
    }

    /// The answer, unless the responder wants the body and there is room for it.
    private func ask(about head: RequestHead) -> Response? {
        switch home.responder.admit(head) {
        case .answer(let response): return response
        case .proceed(let admitted):
            guard home.inflight.hasRoom(for: parser.declaredBytes) else {
                let refusal = Refusal.tooManyBytes
                home.responder.refused(head.target, with: refusal.status, from: peer)
                return refusal.response
            }
            self.admitted = admitted
            return nil
        }
    }

    func answerEarly() {
        guard let answer = earlyAnswer else { return }
        earlyAnswer = nil
        write(answer)
    }

    func sendContinue() {
        let line: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"
        let isSent = put(UnsafeRawBufferPointer(start: line.utf8Start, count: line.utf8CodeUnitCount), isLast: false)
        // Nothing else is on its way, so there is room for these few bytes unless the client is gone.
        if !isSent || !unsent.isEmpty { close() }
    }

    func refuse(_ refusal: Refusal, to target: String? = nil) {
        // In its handshake a client can't be told.
        if let tls, !tls.isEstablished { return close() }
        home.responder.refused(target ?? parser.target, with: refusal.status, from: peer)
        closesAfterAnswer = true
        leavesInput = true
        earlyAnswer = nil
        write(refusal.response)
    }

    /// The body that is held counts in the budget from here on. False when it doesn't fit: nothing of it was taken.
    func hold(_ bytes: Int) -> Bool {
        guard bytes > taken else { return true }
        guard home.inflight.take(bytes - taken) else { return false }
        taken = bytes
        return true
    }

    func answer(_ request: Request) {
        guard hold(request.body.count) else { return refuse(.tooManyBytes, to: request.head.target) }
        var request = request
        request.arrival = arrival ?? MonotonicClock.now
        phase = .answering
        clearDeadline()
        let admitted = admitted
        self.admitted = nil
        home.responder.begin(request, admitted: admitted, on: home.loop) { [self] response in
            if home.loop.isOnLoop { answered(response) } else { home.loop.post { self.answered(response) } }
        }
    }

    private func answered(_ response: Response) {
        giveBack()
        guard !isClosed else { return }
        write(response)
    }

    // MARK: Sent

    private func write(_ response: Response) {
        if home.isDraining { closesAfterAnswer = true }
        giveBack()
        clearDeadline()
        arrival = nil
        home.hooks.answered(ResponseBytes.status(of: response))
        let format = ResponseBytes(withoutBody: withoutBody, closes: closesAfterAnswer, isOldVersion: parser.isOldVersion)
        guard home.withBytes(of: response, format, { put($0, isLast: closesAfterAnswer) }) else { return close() }
        guard unsent.isEmpty else {
            phase = .writing
            setDeadline(.write, after: home.limits.writeTime)
            return updateInterest()
        }
        finishAnswer()
    }

    /// On their way to the client, by TLS where there is one: what the socket does not take waits in `unsent`. False when the client is gone.
    private func put(_ bytes: UnsafeRawBufferPointer, isLast: Bool) -> Bool {
        guard let tls else { return transmit(bytes) }
        guard tls.write(bytes) else { return false }
        if isLast { tls.sayGoodbye() }
        return sendOutput(of: tls)
    }

    func transmit(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard unsent.isEmpty else {
            unsent.append(contentsOf: bytes)
            return true
        }
        let count = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        guard count >= 0 || errno == EAGAIN || errno == EINTR else { return false }
        if count < bytes.count {
            unsent = Array(bytes[max(0, count)...])
            unsentStart = 0
        }
        return true
    }

    /// The socket has room again.
    func flush() {
        guard !unsent.isEmpty else { return }
        let count = unsent.withUnsafeBytes { bytes in
            send(descriptor, bytes.baseAddress?.advanced(by: unsentStart), bytes.count - unsentStart, Int32(MSG_NOSIGNAL))
        }
        guard count >= 0 else {
            if errno != EAGAIN && errno != EINTR { close() }
            return
        }
        unsentStart += count
        guard unsentStart == unsent.count else { return }
        unsent = []
        // It may have been the server's part of a handshake.
        guard case .writing = phase else { return updateInterest() }
        clearDeadline()
        finishAnswer()
    }

    private func finishAnswer() {
        guard !closesAfterAnswer else { return leavesInput || !pending.isEmpty ? linger() : close() }
        phase = .receiving
        // Inside `advance` its loop goes on by itself.
        guard !isAdvancing else { return }
        advancePending()
        settle()
        // Its answer promised to keep the connection before the drain began, and the client was slow to take it.
        if home.isDraining { closeIfIdle() }
    }

    /// Closing a socket with unread input resets the connection, and the reset may overtake the answer: so sending ends first, and what
    /// still comes is read and dropped for a moment.
    private func linger() {
        shutdown(descriptor, Int32(SHUT_WR))
        guard !inputEnded else { return close() }
        phase = .lingering
        // What was received of a body is no longer counted in the budget, so it may not be held either.
        parser = RequestParser(limits: home.limits)
        pending = []
        setDeadline(.linger, after: home.limits.lingerTime)
        updateInterest()
    }
}
