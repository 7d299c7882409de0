// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime
internal import Testing

private actor Pinned {
    private let loop: Loop
    private(set) var notes: [String] = []

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(_ loop: Loop) {
        self.loop = loop
    }

    func add(_ note: String) {
        notes.append(loop.isOnLoop ? note : "elsewhere")
    }

    /// As a C library's callback does: it is on the loop, but the compiler does not know.
    nonisolated func callback(_ note: String) {
        assumeIsolated { $0.add(note) }
    }
}

@Suite(.timeLimit(.minutes(1))) struct LoopExecutorTests {
    @Test("An actor on a loop runs on its thread, and callbacks on the loop are inside the actor")
    func actor() async throws {
        try await Loop.use { loop in
            let actor = Pinned(loop)
            await actor.add("call")
            try await loop.perform { actor.callback("posted") }
            let notes = Notes()
            loop.post {
                _ = loop.schedule(after: .zero) {
                    actor.callback("timer")
                    notes.add("done")
                }
            }
            _ = await notes.first(1)
            #expect(await actor.notes == ["call", "posted", "timer"])
        }
    }

    @Test("Calls of many tasks to the actor run one at a time and all of them")
    func serial() async throws {
        try await Loop.use { loop in
            let actor = Pinned(loop)
            await withTaskGroup(of: Void.self) { group in
                for task in 0..<8 {
                    group.addTask { for call in 0..<500 { await actor.add("\(task).\(call)") } }
                }
            }
            let notes = await actor.notes
            #expect(notes.count == 4000 && !notes.contains("elsewhere"))
            for task in 0..<8 { #expect(notes.filter { $0.hasPrefix("\(task).") } == (0..<500).map { "\(task).\($0)" }) }
        }
    }

    @Test("A task that prefers the loop stays on it across its awaits, and its children do too")
    func preference() async throws {
        try await Loop.use { loop in
            let actor = Pinned(loop)
            let places = await withTaskExecutorPreference(loop) {
                var places = [loop.isOnLoop]
                await Task.yield()
                places.append(loop.isOnLoop)
                await actor.add("x")
                places.append(loop.isOnLoop)
                async let child = onLoop(loop)
                places.append(await child)
                await withTaskGroup(of: Bool.self) { group in
                    for _ in 0..<10 { group.addTask { await onLoop(loop) } }
                    for await place in group { places.append(place) }
                }
                return places
            }
            #expect(places.count == 14 && places.allSatisfy { $0 })
            #expect(!loop.isOnLoop)
        }
    }

    private nonisolated func onLoop(_ loop: Loop) async -> Bool {
        await Task.yield()
        return loop.isOnLoop
    }

    @Test("Two loops hand over to each other, back and forth, and nothing stays behind")
    func handOver() async throws {
        try await Loop.use { one in
            try await Loop.use { two in
                let (first, second) = (Pinned(one), Pinned(two))
                await withTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 {
                        group.addTask {
                            for _ in 0..<1000 {
                                await first.add("1")
                                await second.add("2")
                            }
                        }
                    }
                }
                #expect(await first.notes == Array(repeating: "1", count: 4000))
                #expect(await second.notes == Array(repeating: "2", count: 4000))
            }
        }
    }

    @Test("A sleep on a loop ends by its timer or by cancellation")
    func sleeper() async throws {
        try await Loop.use { loop in
            let sleeper = LoopSleeper(loop)
            let start = MonotonicClock.now
            try await sleeper.sleep(for: .milliseconds(20))
            #expect(MonotonicClock.now - start >= 20_000_000)
            let task = Task { try await sleeper.sleep(for: .seconds(3600)) }
            try await loop.perform {}
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            let early = Task { try await sleeper.sleep(for: .seconds(3600)) }
            early.cancel()
            await #expect(throws: CancellationError.self) { try await early.value }
        }
    }
}
