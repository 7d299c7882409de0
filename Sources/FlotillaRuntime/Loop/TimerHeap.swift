// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import Glibc

/// A timer of one Loop: made by `schedule`, ended by firing or by `cancel`.
package final class LoopTimer {
    fileprivate let deadline: UInt64
    fileprivate var body: (() -> Void)?
    fileprivate var index = -1

    fileprivate init(deadline: UInt64, body: @escaping () -> Void) {
        self.deadline = deadline
        self.body = body
    }
}

/// A binary heap in which each timer knows its place, so that a cancelled one leaves at once and nothing piles up.
final class TimerHeap {
    private var heap: [LoopTimer] = []

    func add(at deadline: UInt64, _ body: @escaping () -> Void) -> LoopTimer {
        let timer = LoopTimer(deadline: deadline, body: body)
        timer.index = heap.count
        heap.append(timer)
        rise(from: timer.index)
        return timer
    }

    func remove(_ timer: LoopTimer) {
        let index = timer.index
        timer.body = nil
        guard index >= 0 else { return }
        timer.index = -1
        let last = heap.removeLast()
        guard index < heap.count else { return }
        place(last, at: index)
        rise(from: index)
        sink(from: last.index)
    }

    /// Fires what was due at `now`; a timer that is added meanwhile waits for the next call.
    func fire(upTo now: UInt64) {
        while let first = heap.first, first.deadline <= now {
            let body = first.body
            remove(first)
            body?()
        }
    }

    /// For epoll_wait: rounded up, so that a loop never spins through the last millisecond before a timer.
    var millisecondsToNext: Int32 {
        guard let first = heap.first else { return -1 }
        let now = MonotonicClock.now
        guard first.deadline > now else { return 0 }
        return Int32(clamping: (first.deadline - now + 999_999) / 1_000_000)
    }

    private func place(_ timer: LoopTimer, at index: Int) {
        heap[index] = timer
        timer.index = index
    }

    private func rise(from start: Int) {
        var index = start
        let timer = heap[index]
        while index > 0 {
            let parent = (index - 1) / 2
            guard timer.deadline < heap[parent].deadline else { break }
            place(heap[parent], at: index)
            index = parent
        }
        place(timer, at: index)
    }

    private func sink(from start: Int) {
        var index = start
        let timer = heap[index]
        while true {
            var child = index * 2 + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].deadline < heap[child].deadline { child += 1 }
            guard heap[child].deadline < timer.deadline else { break }
            place(heap[child], at: index)
            index = child
        }
        place(timer, at: index)
    }
}

/// Nanoseconds that never jump.
package enum MonotonicClock {
    package static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}

extension Duration {
    /// Clamped, so that a far deadline can't overflow.
    package var inNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        guard seconds < 1_000_000_000 else { return 1_000_000_000_000_000_000 }
        return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }
}
