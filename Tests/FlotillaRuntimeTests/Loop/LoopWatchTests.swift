// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime
internal import Glibc
internal import Testing

/// Both ends of a pipe, closed with the test.
private final class PipeEnds: Sendable {
    let reading: Int32
    let writing: Int32

    init() throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw LoopFailure.system("pipe", errno) }
        (reading, writing) = (ends[0], ends[1])
    }

    deinit {
        close(reading)
        close(writing)
    }

    func put(_ text: String) { _ = write(writing, text, text.utf8.count) }

    func take() -> String {
        var bytes = [UInt8](repeating: 0, count: 100)
        let count = read(reading, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}

@Suite(.timeLimit(.minutes(1))) struct LoopWatchTests {
    @Test("A watch calls on the loop while there is something to read, and is silent while there is not")
    func readable() async throws {
        let pipe = try PipeEnds()
        try await Loop.use { loop in
            let notes = Notes()
            let watch = try await loop.perform {
                try loop.watch(pipe.reading, for: .readable) { _ in notes.add((loop.isOnLoop ? "" : "elsewhere ") + pipe.take()) }
            }
            for (index, text) in ["a", "b", "c"].enumerated() {
                pipe.put(text)
                _ = await notes.first(index + 1)
            }
            #expect(notes.all == ["a", "b", "c"])
            try await loop.perform { loop.cancel(watch) }
        }
    }

    @Test("What is not read is told again, until the watch is cancelled by its own handler")
    func level() async throws {
        let pipe = try PipeEnds()
        try await Loop.use { loop in
            let notes = Notes()
            pipe.put("x")
            try await loop.perform {
                let watch = OnLoop<Watch?>(nil)
                watch.value = try loop.watch(pipe.reading, for: .readable) { _ in
                    notes.add("ready")
                    if notes.all.count == 3, let watch = watch.value { loop.cancel(watch) }
                }
            }
            _ = await notes.first(3)
            // Turns in which the handler would be called again if it still were there.
            for _ in 0..<10 { try await loop.perform {} }
            #expect(notes.all.count == 3)
        }
    }

    @Test("Of two watches that are ready at once, the one that is cancelled by the other's handler is not called")
    func sameBatch() async throws {
        let (one, two) = (try PipeEnds(), try PipeEnds())
        try await Loop.use { loop in
            let notes = Notes()
            try await loop.perform {
                let watches = OnLoop<[Watch]>([])
                for (name, pipe) in [("one", one), ("two", two)] {
                    watches.value.append(
                        try loop.watch(pipe.reading, for: .readable) { _ in
                            notes.add(name)
                            for watch in watches.value { loop.cancel(watch) }
                        })
                    pipe.put("x")
                }
            }
            for _ in 0..<10 { try await loop.perform {} }
            #expect(await notes.first(1).count == 1)
        }
    }

    @Test("A watch of a descriptor number that is used again hears nothing of its predecessor")
    func reuse() async throws {
        try await Loop.use { loop in
            let notes = Notes()
            for round in 0..<100 {
                let pipe = try PipeEnds()
                pipe.put("\(round)")
                let watch = try await loop.perform { try loop.watch(pipe.reading, for: .readable) { _ in notes.add(pipe.take()) } }
                _ = await notes.first(round + 1)
                try await loop.perform { loop.cancel(watch) }
            }
            #expect(notes.all == (0..<100).map(String.init))
        }
    }

    @Test("A watch's interest can change, and an end of the other side is told without being asked for")
    func change() async throws {
        let pipe = try PipeEnds()
        try await Loop.use { loop in
            let notes = Notes()
            let watch = try await loop.perform {
                try loop.watch(pipe.reading, for: []) { notes.add($0.contains(.readable) ? "readable" : "hangup") }
            }
            pipe.put("x")
            for _ in 0..<10 { try await loop.perform {} }
            #expect(notes.all == [])
            try await loop.perform { loop.change(watch, to: .readable) }
            #expect(await notes.first(1)[0] == "readable")
            try await loop.perform { loop.cancel(watch) }
            let other = try PipeEnds()
            let descriptor = dup(other.reading)
            #expect(shutdownWriter(of: other))
            let before = notes.all.count
            let hangup = try await loop.perform {
                try loop.watch(descriptor, for: []) { notes.add($0.contains(.hangup) ? "hangup" : "other") }
            }
            #expect(await notes.first(before + 1).last == "hangup")
            try await loop.perform { loop.cancel(hangup) }
            close(descriptor)
        }
    }

    /// Puts a descriptor that is no pipe in the place of the writing end, so that the pipe has no writer left and the number stays taken.
    private func shutdownWriter(of pipe: PipeEnds) -> Bool { dup2(STDERR_FILENO, pipe.writing) == pipe.writing }

    @Test("A descriptor that is none is an error, not a crash")
    func bad() async throws {
        try await Loop.use { loop in
            await #expect(throws: LoopFailure.system("epoll_ctl", EBADF)) {
                _ = try await loop.perform { try loop.watch(-1, for: .readable) { _ in } }
            }
        }
    }
}
