// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
package import FlotillaRuntime
internal import Synchronization

/// A file of JSON lines that is appended to and rotated: opened by `open`, ended by `close`. Several processes may share it.
///
/// It lives on a Loop of its own, which its fsyncs block. Whatever waits when a turn begins is written with one write and one
/// fdatasync, and is then acknowledged together; meanwhile the next turn's records gather. No record is ever split by a rotation.
/// When the disk is full, everything that waits fails, what was half written is cut off, and the next append tries again.
///
/// Rotation happens when a record is appended: a file that gets none stays as it is, however old.
package actor FileSink {
    /// Since it was opened.
    package struct Counts: Sendable, Equatable {
        package var records = 0
        package var bytes = 0
        /// Writes with an fdatasync each.
        package var batches = 0
        package var rotations = 0
    }

    package private(set) var counts = Counts()
    private nonisolated let settings: FileSinkSettings
    private nonisolated let clock: any WallClock
    private nonisolated let calls: FileCalls
    private nonisolated let loop: Loop
    private nonisolated let inbox = AppendInbox()
    private nonisolated let trouble = Mutex<FileSinkFailure?>(nil)
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let rotation: Rotation
    private var file: LogFile?
    private var buffer: [UInt8] = []

    package static func open(_ settings: FileSinkSettings, clock: any WallClock = SystemClock()) async throws -> FileSink {
        try await open(settings, clock: clock, calls: FileCalls())
    }

    static func open(_ settings: FileSinkSettings, clock: any WallClock, calls: FileCalls) async throws -> FileSink {
        let sink = FileSink(settings, clock: clock, calls: calls, loop: try Loop("log-sink"))
        do {
            try await sink.prepare()
            return sink
        } catch {
            await sink.close()
            throw error
        }
    }

    private init(_ settings: FileSinkSettings, clock: any WallClock, calls: FileCalls, loop: Loop) {
        self.settings = settings
        self.clock = clock
        self.calls = calls
        self.loop = loop
        rotation = Rotation(settings)
    }

    // MARK: From any task

    /// Returns when the whole line is on the disk. Throws a FileSinkFailure when it is not there, or may not be. Being cancelled
    /// changes nothing: the record is in its batch already.
    package nonisolated func append(_ record: LogRecord) async throws {
        try await withCheckedThrowingContinuation { continuation in
            let append = PendingAppend(record.line, continuation)
            switch inbox.put(append) {
            case .schedule: loop.post { self.assumeIsolated { $0.runTurn() } }
            case .scheduled: break
            case .closed: append.finish(FileSinkFailure(path: settings.path, trouble: .closed))
            }
        }
    }

    /// What is wrong, if the last turn failed.
    package nonisolated var ailment: String? { trouble.withLock { $0?.description } }

    /// Returns when what waited is written, the file is closed and the thread has ended. Later appends fail.
    package nonisolated func close() async {
        guard inbox.close() else { return }
        await end()
        loop.stop()
        await loop.ended()
    }

    // MARK: On the loop

    private func prepare() throws {
        do throws(FileSinkFailure.Trouble) {
            let file = try current()
            defer { file.unlock() }
            // Half a record that a crash left gets its line break now, not when the next record comes.
            _ = try file.size()
        } catch {
            throw FileSinkFailure(path: settings.path, trouble: error)
        }
    }

    private func end() {
        // Somebody may have put a record in just before the inbox closed, and find the loop ended when it comes to post.
        runTurn()
        file?.close()
        file = nil
    }

    private func runTurn() {
        var waiting = inbox.take()[...]
        while !waiting.isEmpty {
            do throws(FileSinkFailure.Trouble) {
                let count = try takeStep(waiting)
                for append in waiting.prefix(count) { append.finish() }
                waiting = waiting.dropFirst(count)
                trouble.withLock { $0 = nil }
            } catch {
                let failure = FileSinkFailure(path: settings.path, trouble: error)
                trouble.withLock { $0 = failure }
                for append in waiting { append.finish(failure) }
                return
            }
        }
    }

    /// One batch or one rotation, under the lock. Returns how many records lie on the disk.
    private func takeStep(_ waiting: ArraySlice<PendingAppend>) throws(FileSinkFailure.Trouble) -> Int {
        let file = try current()
        defer { file.unlock() }
        let now = clock.now
        let size = try file.size()
        switch BatchPlan(waiting.lazy.map(\.line.count), fileSize: size, age: file.age(at: now), limits: settings) {
        case .rotate:
            try rotation.run(at: now)
            counts.rotations += 1
            return 0
        case .write(let count):
            try write(waiting.prefix(count), to: file, at: now)
            return count
        }
    }

    private func write(_ batch: ArraySlice<PendingAppend>, to file: LogFile, at now: Timestamp) throws(FileSinkFailure.Trouble) {
        if batch.count == 1, let append = batch.first {
            try file.append(append.line, at: now)
            counts.bytes += append.line.count
        } else {
            defer { buffer.removeAll(keepingCapacity: true) }
            for append in batch { buffer.append(contentsOf: append.line) }
            try file.append(buffer, at: now)
            counts.bytes += buffer.count
        }
        counts.records += batch.count
        counts.batches += 1
    }

    /// The file that the path names now, locked. It changes under our feet when another process rotates, or an operator moves it.
    private func current() throws(FileSinkFailure.Trouble) -> LogFile {
        for _ in 0..<100 {
            let opened = try opened()
            try opened.lock()
            if opened.isStill(at: settings.path) { return opened }
            // Closed before the next one is locked: whoever waits for two locks could wait for ever.
            opened.close()
            file = nil
        }
        throw .unsteady
    }

    private func opened() throws(FileSinkFailure.Trouble) -> LogFile {
        if let file { return file }
        let new = try LogFile(path: settings.path, calls: calls)
        file = new
        return new
    }
}
