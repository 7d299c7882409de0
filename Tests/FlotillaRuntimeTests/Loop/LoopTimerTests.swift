// SPDX-License-Identifier: Apache-2.0

internal import TestSupport
internal import Testing

@testable internal import FlotillaRuntime

@Suite(.timeLimit(.minutes(1))) struct LoopTimerTests {
    @Test("Timers fire in the order of their deadlines, and not early")
    func order() async throws {
        try await Loop.use { loop in
            let notes = Notes()
            let start = MonotonicClock.now
            loop.post {
                for delay in [30, 10, 20, 0, 15] {
                    _ = loop.schedule(after: .milliseconds(delay)) {
                        notes.add(MonotonicClock.now - start >= UInt64(delay) * 1_000_000 ? "\(delay)" : "\(delay) early")
                    }
                }
            }
            #expect(await notes.first(5) == ["0", "10", "15", "20", "30"])
        }
    }

    @Test("A cancelled timer never fires: cancelled before, by another that is due with it, by itself, or twice")
    func cancel() async throws {
        try await Loop.use { loop in
            let notes = Notes()
            loop.post {
                let before = loop.schedule(after: .milliseconds(1)) { notes.add("before") }
                loop.cancel(before)
                loop.cancel(before)
                let timers = OnLoop<[LoopTimer]>([])
                // All three are due by the time the loop looks, since the first of them to be scheduled holds the thread that long.
                timers.value = [
                    loop.schedule(after: .zero) {
                        for timer in timers.value { loop.cancel(timer) }
                        notes.add("first")
                    },
                    loop.schedule(after: .nanoseconds(1)) { notes.add("second") },
                    loop.schedule(after: .nanoseconds(2)) { notes.add("third") },
                ]
                _ = loop.schedule(after: .milliseconds(5)) { notes.add("last") }
            }
            #expect(await notes.first(2) == ["first", "last"])
        }
    }

    @Test("A timer may schedule another, which fires in a later turn")
    func reentrancy() async throws {
        try await Loop.use { loop in
            let notes = Notes()
            @Sendable func again(_ left: Int) {
                notes.add("\(left)")
                if left > 0 { _ = loop.schedule(after: .zero) { again(left - 1) } }
            }
            loop.post { again(3) }
            #expect(await notes.first(4) == ["3", "2", "1", "0"])
        }
    }

    @Test("A delay below zero is none, and one of a hundred years neither overflows nor fires")
    func extremes() async throws {
        try await Loop.use { loop in
            let notes = Notes()
            loop.post {
                _ = loop.schedule(after: .seconds(Int64.max / 1000)) { notes.add("far") }
                _ = loop.schedule(after: .seconds(-5)) { notes.add("past") }
            }
            #expect(await notes.first(1) == ["past"])
        }
    }

    @Test("The heap agrees with a sorted list, whatever is added and taken out", arguments: [1, 2, 3] as [UInt64])
    func heap(seed: UInt64) {
        var random = Seeded(seed)
        let heap = TimerHeap()
        let fired = OnLoop<[Int]>([])
        var timers: [Int: (timer: LoopTimer, deadline: UInt64)] = [:]
        var now: UInt64 = 0
        for id in 0..<20_000 {
            switch random.next() % 4 {
            case 0, 1:
                let deadline = now + random.next() % 1000
                timers[id] = (heap.add(at: deadline) { fired.value.append(id) }, deadline)
            case 2:
                if let victim = timers.keys.min(), let entry = timers.removeValue(forKey: victim) { heap.remove(entry.timer) }
            default:
                now += random.next() % 200
                fired.value = []
                heap.fire(upTo: now)
                let due = timers.filter { $0.value.deadline <= now }
                #expect(Set(fired.value) == Set(due.keys) && fired.value.count == due.count)
                let deadlines = fired.value.compactMap { due[$0]?.deadline }
                #expect(deadlines == deadlines.sorted())
                for id in due.keys { timers[id] = nil }
            }
        }
    }
}
