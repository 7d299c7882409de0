// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime
internal import Foundation
internal import Glibc
internal import Synchronization
internal import TestSupport
internal import Testing

@testable internal import FlotillaWorkers

@Suite(.timeLimit(.minutes(2))) struct FileSinkFaultTests {
    private let folder: TestFolder

    init() throws {
        folder = try TestFolder()
    }

    /// Writes half of what it is given, then fails; until it is healed.
    private final class SickDisk: Sendable {
        private let code: Mutex<(write: Int32?, sync: Int32?)>

        init(write: Int32? = nil, sync: Int32? = nil) {
            code = Mutex((write, sync))
        }

        func heal() { code.withLock { $0 = (nil, nil) } }

        var calls: FileCalls {
            var calls = FileCalls()
            let writes = Count()
            calls.write = { descriptor, bytes in
                guard let code = self.code.withLock({ $0.write }) else { return Glibc.write(descriptor, bytes.baseAddress, bytes.count) }
                guard writes.next().isMultiple(of: 2) else { return Glibc.write(descriptor, bytes.baseAddress, bytes.count / 2) }
                errno = code
                return -1
            }
            calls.sync = { descriptor in
                guard let code = self.code.withLock({ $0.sync }) else { return fdatasync(descriptor) }
                errno = code
                return -1
            }
            return calls
        }
    }

    @Test(
        "What can't be written or synced is cut off and reported, and the next append after the fault works",
        arguments: [
            (ENOSPC, nil, .full), (EDQUOT, nil, .full), (EIO, nil, .cannotWrite(EIO)), (EFBIG, nil, .cannotWrite(EFBIG)),
            (nil, EIO, .cannotSync(EIO)), (nil, ENOSPC, .full),
        ] as [(Int32?, Int32?, FileSinkFailure.Trouble)])
    func failingDisk(write: Int32?, sync: Int32?, expected: FileSinkFailure.Trouble) async throws {
        let healthy = try await settings(folder).opened()
        try await healthy.append(record("1", bytes: 300))
        await healthy.close()
        let before = try folder.text()

        let disk = SickDisk(write: write, sync: sync)
        let sink = try await settings(folder).opened(calls: disk.calls)
        for id in ["2", "3"] {
            #expect(try await trouble(sink, record(id, bytes: 300)) == expected)
            #expect(try folder.text() == before)
            #expect(sink.ailment?.contains(folder.file()) == true)
        }
        disk.heal()
        try await sink.append(record("4", bytes: 300))
        #expect(sink.ailment == nil)
        await sink.close()
        #expect(try folder.ids() == ["1", "4"])
    }

    @Test func `A handler is done when the line is there, and fails for a while when it can't be, without telling the path`() async throws {
        let disk = SickDisk(write: ENOSPC)
        let sink = try await settings(folder).opened(calls: disk.calls)
        let clock = ManualClock()
        let handler = LogSinkHandler(sink, clock: clock)
        #expect(!handler.isRepeatable)
        let context = Context(key: "k", queue: "log-sink", attempt: 1, generation: 0, deadline: Timestamp(milliseconds: 0))
        // No attempt is spent while the disk is full.
        await #expect(throws: Failure(.throttled(until: clock.now + .seconds(5)), "the log sink has no space left for its file")) {
            _ = try await handler.handle(event("1", "x".utf8), context: context)
        }
        disk.heal()
        let outcome = try await handler.handle(event("1", "x".utf8), context: context)
        #expect(outcome == .done)
        await sink.close()
        #expect(try folder.text().hasPrefix(#"{"time":"2026-01-01T00:00:00Z","level":"info","id":"1","#))
    }

    @Test(
        "On a disk that is really full nothing is acknowledged, and it goes on when there is space again",
        .enabled(if: SmallDisk.isPossible, "only root can mount a small disk"))
    func fullDisk() async throws {
        try await SmallDisk.with(kilobytes: 256) { disk in
            let filler = disk + "/filler"
            try Data(count: 128 << 10).write(to: URL(fileURLWithPath: filler))
            let log = try TestFolder(at: disk + "/log")
            let sink = try await settings(log, maxBytes: 40_000).opened()
            var acknowledged: [String] = []
            var refused = 0
            for number in 0..<40 {
                switch try await trouble(sink, record("\(number)", bytes: 9_999)) {
                case nil: acknowledged.append("\(number)")
                case .full: refused += 1
                case let other: Issue.record("\(String(describing: other))")
                }
            }
            #expect(refused > 10 && acknowledged.count > 5)
            #expect(try log.ids() == acknowledged)
            try FileManager.default.removeItem(atPath: filler)
            for number in 40..<45 {
                try await sink.append(record("\(number)", bytes: 9_999))
                acknowledged.append("\(number)")
            }
            await sink.close()
            #expect(try log.ids() == acknowledged)
        }
    }

    @Test("A process that is killed in the middle of a write loses nothing that it acknowledged", arguments: [20, 57, 143])
    func killed(atWrite fatal: Int) async throws {
        let path = folder.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, fatal = fatal as Int] in
            let folder = try TestFolder(at: path)
            let acknowledged = open(folder.file("acknowledged"), O_WRONLY | O_CREAT | O_APPEND, 0o600)
            let writes = Count()
            var calls = FileCalls()
            calls.write = { descriptor, bytes in
                guard writes.next() == fatal else { return Glibc.write(descriptor, bytes.baseAddress, bytes.count) }
                _ = Glibc.write(descriptor, bytes.baseAddress, bytes.count - 150)
                return Int(kill(getpid(), SIGKILL))
            }
            let sink = try await settings(folder, maxBytes: 20_000).opened(calls: calls)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<16 {
                    group.addTask {
                        for number in 0..<1000 {
                            try await sink.append(record("\(lane)-\(number)", bytes: 300))
                            let line = Array("\(lane)-\(number)\n".utf8)
                            _ = Glibc.write(acknowledged, line, line.count)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        let acknowledged = try folder.text("acknowledged").split(separator: "\n").map(String.init)
        try FileManager.default.removeItem(atPath: folder.file("acknowledged"))
        let sink = try await settings(folder).opened()
        try await sink.append(record("after", bytes: 300))
        await sink.close()
        let lines = try folder.names().flatMap { try folder.text($0).split(separator: "\n") }
        let ids = lines.compactMap { try? JSONValue(parsing: String($0))["id"]?.string }
        // Sixteen lanes note one record before they append the next.
        #expect(acknowledged.count >= fatal - 17)
        #expect(Set(acknowledged).subtracting(ids).isEmpty)
        #expect(ids.count == Set(ids).count && ids.last == "after")
        #expect(lines.count == ids.count + 1, "one line is the torn one")
    }
}
