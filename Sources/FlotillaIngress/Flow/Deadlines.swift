// SPDX-License-Identifier: Apache-2.0

package import FlotillaRuntime
internal import Synchronization

/// Ends what has waited too long. Made once for an ingress; what waits is added, and removed when it ends by itself.
///
/// Nothing is armed for a single request: while anything waits, one timer on the loop looks through it every 50 ms. So a request
/// costs two short locks, whichever thread it is on, and an end may come those 50 ms late.
package final class Deadlines: Sendable {
    package static let pace = Duration.milliseconds(50)

    private let loop: Loop
    private let clock: @Sendable () -> UInt64
    private let state = Mutex(State())

    private struct State {
        var last: UInt64 = 0
        var waiting: [UInt64: Entry] = [:]
        var isTicking = false
    }

    private struct Entry {
        let due: UInt64
        let expire: @Sendable () -> Void
    }

    struct Ticket: Sendable {
        fileprivate let number: UInt64
    }

    /// The loop outlives it; the clock counts nanoseconds and never jumps.
    package init(on loop: Loop, clock: @escaping @Sendable () -> UInt64 = { MonotonicClock.now }) {
        self.loop = loop
        self.clock = clock
    }

    var now: UInt64 { clock() }

    /// Calls `expire` on the loop at that moment of the clock, unless the ticket is removed before. Both may happen at the same moment:
    /// whoever is ended twice has to bear it.
    func add(at due: UInt64, _ expire: @escaping @Sendable () -> Void) -> Ticket {
        let (number, begins) = state.withLock { state in
            state.last += 1
            state.waiting[state.last] = Entry(due: due, expire: expire)
            defer { state.isTicking = true }
            return (state.last, !state.isTicking)
        }
        if begins { loop.post { [self] in tick() } }
        return Ticket(number: number)
    }

    func remove(_ ticket: Ticket) {
        state.withLock { _ = $0.waiting.removeValue(forKey: ticket.number) }
    }

    /// What the work returns, or nil once that moment has come: the work then goes on without anybody who waits for it.
    func value<Value: Sendable>(until due: UInt64, of work: @escaping @Sendable () async -> Value) async -> Value? {
        await withCheckedContinuation { continuation in
            let end = FirstEnd<Value?> { continuation.resume(returning: $0) }
            let ticket = add(at: due) { _ = end.reach(nil) }
            Task.immediate {
                let value = await work()
                remove(ticket)
                _ = end.reach(value)
            }
        }
    }

    private func tick() {
        let now = clock()
        let (due, goesOn) = state.withLock { state in
            let due = state.waiting.filter { $0.value.due <= now }
            for number in due.keys { state.waiting[number] = nil }
            state.isTicking = !state.waiting.isEmpty
            return (due.values, state.isTicking)
        }
        for entry in due { entry.expire() }
        if goesOn { _ = loop.schedule(after: Self.pace) { [self] in tick() } }
    }
}
