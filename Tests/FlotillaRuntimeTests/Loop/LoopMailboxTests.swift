// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime
internal import Synchronization
internal import Testing

@Suite(.timeLimit(.minutes(1))) struct LoopMailboxTests {
    @Test("What one thread posts runs on the loop's thread, in order")
    func order() async throws {
        try await Loop.use { loop in
            let seen = OnLoop<[Int]>([])
            #expect(!loop.isOnLoop)
            for number in 0..<1000 {
                loop.post { seen.value.append(loop.isOnLoop ? number : -1) }
            }
            let numbers = try await loop.perform { seen.value }
            #expect(numbers == Array(0..<1000))
        }
    }

    @Test("What is posted on the loop runs after what was already waiting, not in the middle of it")
    func reentrancy() async throws {
        try await Loop.use { loop in
            let notes = Notes()
            loop.post {
                loop.post { notes.add("inner") }
                notes.add("outer")
            }
            loop.post { notes.add("next") }
            #expect(await notes.first(3).prefix(1) == ["outer"])
            #expect(Set(notes.all) == ["outer", "next", "inner"])
        }
    }

    @Test("A loop that feeds itself still hears of descriptors, timers and others")
    func fairness() async throws {
        try await Loop.use { loop in
            let notes = Notes()
            let going = OnLoop(true)
            @Sendable func again() { if going.value { loop.post { again() } } }
            loop.post {
                again()
                _ = loop.schedule(after: .milliseconds(1)) { notes.add("timer") }
            }
            loop.post { notes.add("post") }
            #expect(await Set(notes.first(2)) == ["post", "timer"])
            loop.post { going.value = false }
        }
    }

    @Test("No wakeup is lost, however many threads post at once")
    func stress() async throws {
        try await Loop.use { loop in
            let sum = OnLoop(0)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask { for _ in 0..<20_000 { loop.post { sum.value += 1 } } }
                }
            }
            let total = try await loop.perform { sum.value }
            #expect(total == 160_000)
        }
    }

    @Test("A loop that falls asleep between any two posts wakes for each of them")
    func pingPong() async throws {
        try await Loop.use { loop in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        var count = 0
                        for _ in 0..<5000 { count += try await loop.perform { 1 } }
                        return count
                    }
                }
                let sum = try await group.reduce(0, +)
                #expect(sum == 20_000)
            }
        }
    }

    @Test("What was posted before stop still runs, and ended returns to all who wait")
    func stop() async throws {
        let loop = try Loop("stopping")
        let ran = Atomic(0)
        for _ in 0..<1000 { loop.post { ran.add(1, ordering: .relaxed) } }
        async let first: Void = loop.ended()
        async let second: Void = loop.ended()
        loop.stop()
        loop.stop()
        _ = await (first, second)
        await loop.ended()
        #expect(ran.load(ordering: .relaxed) == 1000)
    }

    @Test("A sleeping loop and a busy one can be stopped, also from themselves", arguments: 0..<50)
    func stops(round: Int) async throws {
        let loop = try Loop("stopping")
        switch round % 3 {
        case 0: loop.stop()
        case 1: loop.post { loop.stop() }
        default:
            try await loop.perform { _ = loop.schedule(after: .seconds(3600)) {} }
            loop.stop()
        }
        await loop.ended()
    }

    @Test("The loop lives until it is stopped, and no longer")
    func life() async throws {
        weak var gone: Loop?
        do {
            let loop = try Loop("short")
            gone = loop
            loop.stop()
            await loop.ended()
        }
        // The thread lets go of it last, after it has told that it ended.
        let deadline = MonotonicClock.now + 10_000_000_000
        while gone != nil, MonotonicClock.now < deadline { await Task.yield() }
        #expect(gone == nil)
    }
}
