// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime

/// The one deadline of a connection, and the one timer under it. Moving the deadline away costs nothing: the timer fires, sees that it is
/// early, and is set again. So a connection leaves no timer for each of its requests behind.
struct Deadline {
    enum Reason { case handshake, idle, head, body, write, linger }

    var reason = Reason.idle
    var due: UInt64?
    var timer: LoopTimer?
    var timerDue = UInt64.max
}

extension Connection {
    /// One for the same reason that is under way stays, so that a trickle of bytes doesn't move it.
    func keepDeadline(_ reason: Deadline.Reason, after delay: Duration) {
        if deadline.due != nil, deadline.reason == reason { return }
        setDeadline(reason, after: delay)
    }

    func setDeadline(_ reason: Deadline.Reason, after delay: Duration) {
        let now = MonotonicClock.now
        setDeadline(reason, due: now &+ delay.inNanoseconds, now: now)
    }

    /// The drain has begun: what is under way gets no more time than the drain gives. An answer that is being made has no deadline.
    func shortenDeadline() {
        guard let due = deadline.due else { return }
        setDeadline(deadline.reason, due: due, now: MonotonicClock.now)
    }

    private func setDeadline(_ reason: Deadline.Reason, due: UInt64, now: UInt64) {
        let due = home.isDraining ? min(due, latest(reason, now: now)) : due
        deadline.reason = reason
        deadline.due = due
        guard due < deadline.timerDue else { return }
        startTimer(due, now: now)
    }

    private func latest(_ reason: Deadline.Reason, now: UInt64) -> UInt64 {
        switch reason {
        // One moment for all of these: a head that ends late doesn't begin the time of its body.
        case .handshake, .idle, .head, .body: home.receivingEnds
        case .write: now &+ home.limits.drainWriteTime.inNanoseconds
        case .linger: .max
        }
    }

    /// While the responder works, time is its own matter.
    func clearDeadline() { deadline.due = nil }

    func endDeadline() {
        deadline.due = nil
        if let timer = deadline.timer { home.loop.cancel(timer) }
        deadline.timer = nil
    }

    private func startTimer(_ due: UInt64, now: UInt64) {
        if let timer = deadline.timer { home.loop.cancel(timer) }
        deadline.timerDue = due
        // Holds the connection until it fires or is cancelled; `close()` cancels it.
        deadline.timer = home.loop.schedule(after: .nanoseconds(Int64(clamping: due &- min(now, due)))) { [self] in fired() }
    }

    private func fired() {
        deadline.timer = nil
        deadline.timerDue = .max
        guard let due = deadline.due else { return }
        let now = MonotonicClock.now
        guard now >= due else { return startTimer(due, now: now) }
        deadline.due = nil
        switch deadline.reason {
        case .head, .body: refuse(home.isDraining ? .stopping : .tooSlow)
        case .handshake, .idle, .write, .linger: close()
        }
    }
}
