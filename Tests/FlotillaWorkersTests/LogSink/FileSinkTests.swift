// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import FlotillaRuntime
internal import Foundation
internal import Glibc
internal import Testing

@testable internal import FlotillaWorkers

@Suite(.timeLimit(.minutes(2))) struct FileSinkTests {
    private let folder: TestFolder

    init() throws {
        folder = try TestFolder()
    }

    @Test func `What was appended is in the file, in order, readable by the owner and the group alone`() async throws {
        let sink = try await settings(folder).opened()
        for id in ["1", "2", "3"] {
            try await sink.append(record(id, bytes: 300))
            #expect(try folder.ids().last == id)
        }
        let counts = await sink.counts
        #expect(counts == FileSink.Counts(records: 3, bytes: 900, batches: 3, rotations: 0))
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.file())
        let mode = try #require(attributes[.posixPermissions] as? Int)
        #expect(mode & ~0o640 == 0 && mode & 0o600 == 0o600)
        await sink.close()
        #expect(try folder.ids() == ["1", "2", "3"])
    }

    @Test func `Records that wait for the disk are written together with one sync`() async throws {
        let (started, syncs) = (Count(), Count())
        let gate = DispatchSemaphore(value: 0)
        var calls = FileCalls()
        calls.sync = { descriptor in
            if syncs.next() == 1, gate.wait(timeout: .now() + 30) == .timedOut { Issue.record("nobody opened the gate") }
            return fdatasync(descriptor)
        }
        let sink = try await settings(folder).opened(calls: calls)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<500 {
                let record = try record("\(number)", bytes: 300)
                group.addTask {
                    // Each thread of the pool may hold one task between this and its place in the queue: hence a few syncs more.
                    if started.next() == 500 { gate.signal() }
                    try await sink.append(record)
                }
            }
            try await group.waitForAll()
        }
        await sink.close()
        let few = 3 + ProcessInfo.processInfo.activeProcessorCount
        #expect(syncs.now <= few)
        #expect(try Set(folder.ids()).count == 500)
    }

    @Test func `Writes that fall short or are interrupted are gone on with`() async throws {
        let writes = Count()
        var calls = FileCalls()
        calls.write = { descriptor, bytes in
            if writes.next().isMultiple(of: 3) {
                errno = EINTR
                return -1
            }
            return Glibc.write(descriptor, bytes.baseAddress, min(bytes.count, 7))
        }
        let sink = try await settings(folder).opened(calls: calls)
        try await appendAll((0..<20).map { try record("\($0)", bytes: 299) }, to: sink)
        await sink.close()
        #expect(try Set(folder.ids()) == Set((0..<20).map(String.init)))
    }

    @Test func `Records of many megabytes are a line each, beside small ones`() async throws {
        let sink = try await settings(folder).opened()
        let sizes = (0..<12).map { $0.isMultiple(of: 2) ? 300 : BatchPlan.byteLimit + $0 }
        try await appendAll(sizes.enumerated().map { try record("\($0)", bytes: $1) }, to: sink)
        await sink.close()
        let lines = try Data(contentsOf: URL(fileURLWithPath: folder.file())).split(separator: 0x0A)
        #expect(lines.map { $0.count + 1 }.sorted() == sizes.sorted())
        #expect(lines.allSatisfy { $0.first == UInt8(ascii: "{") && $0.last == UInt8(ascii: "}") })
    }

    @Test func `After close appends fail, what waited before is written, and a second close returns`() async throws {
        let sink = try await settings(folder).opened()
        let records = try (0..<50).map { try record("\($0)", bytes: 300) }
        let written = await withTaskGroup(of: String?.self) { group in
            for (id, record) in records.enumerated() {
                group.addTask {
                    let trouble = await trouble(sink, record)
                    #expect(trouble == nil || trouble == .closed)
                    return trouble == nil ? "\(id)" : nil
                }
            }
            group.addTask {
                await sink.close()
                return nil
            }
            return await group.reduce(into: Set<String>()) { if let id = $1 { $0.insert(id) } }
        }
        await sink.close()
        #expect(await trouble(sink, records[0]) == .closed)
        #expect(try Set(folder.ids()) == written)
    }

    // MARK: What the path names

    @Test func `Missing folders are made, also when they vanish later`() async throws {
        var settings = settings(folder)
        settings.path = folder.path + "/a//b/log.jsonl"
        let sink = try await settings.opened()
        try await sink.append(record("1", bytes: 300))
        try FileManager.default.removeItem(atPath: folder.path + "/a")
        try await sink.append(record("2", bytes: 300))
        await sink.close()
        #expect(try folder.ids(in: "a/b/log.jsonl") == ["2"])
    }

    @Test func `What is not a regular file of its own is refused, and left as it is`() async throws {
        try FileManager.default.createDirectory(atPath: folder.file("folder"), withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: folder.file("elsewhere"))
        mkfifo(folder.file("pipe"), 0o600)
        try folder.write("x", to: "plain")
        let cases: [(String, FileSinkFailure.Trouble)] = [
            ("folder", .notAFile), ("link", .isALink), ("pipe", .notAFile), ("plain/log", .cannotOpen(ENOTDIR)),
            ("plain/folder/log", .cannotMakeFolder(ENOTDIR)),
        ]
        for (name, expected) in cases {
            await #expect(throws: FileSinkFailure(path: folder.file(name), trouble: expected)) {
                _ = try await FileSink.open(FileSinkSettings(path: folder.file(name)))
            }
        }
        #expect(try folder.names() == ["folder", "link", "pipe", "plain"])
        #expect(try folder.text("plain") == "x")
    }

    @Test func `A file that somebody moved away is not written to any more`() async throws {
        let sink = try await settings(folder).opened()
        try await sink.append(record("1", bytes: 300))
        try FileManager.default.moveItem(atPath: folder.file(), toPath: folder.file("moved"))
        try await sink.append(record("2", bytes: 300))
        try FileManager.default.removeItem(atPath: folder.file())
        try await sink.append(record("3", bytes: 300))
        await sink.close()
        #expect(try folder.ids(in: "moved") == ["1"])
        #expect(try folder.ids(in: "log.jsonl") == ["3"])
    }

    @Test func `A file that somebody emptied is gone on with`() async throws {
        let sink = try await settings(folder, maxBytes: 1000).opened()
        try await appendAll((0..<3).map { try record("\($0)", bytes: 300) }, to: sink)
        truncate(folder.file(), 0)
        try await appendAll((3..<6).map { try record("\($0)", bytes: 300) }, to: sink)
        await sink.close()
        #expect(try folder.names() == ["log.jsonl"])
        #expect(try Set(folder.ids()) == ["3", "4", "5"])
    }

    // MARK: Half a record

    @Test func `Half a record at the end gets a line break when the file is opened`() async throws {
        try folder.write("{\"id\":\"1\"}\n{\"id\":\"to")
        let sink = try await settings(folder).opened()
        #expect(try folder.text() == "{\"id\":\"1\"}\n{\"id\":\"to\n")
        let record = try record("2", bytes: 300)
        try await sink.append(record)
        await sink.close()
        #expect(try folder.text() == "{\"id\":\"1\"}\n{\"id\":\"to\n" + String(decoding: record.line, as: UTF8.self))
    }

    @Test func `Half a record that another process leaves meanwhile gets a line break before the next record`() async throws {
        let sink = try await settings(folder).opened()
        try await sink.append(record("1", bytes: 300))
        let other = try #require(FileHandle(forWritingAtPath: folder.file()))
        try other.seekToEnd()
        try other.write(contentsOf: Data("{\"id\":\"to".utf8))
        try await sink.append(record("2", bytes: 300))
        await sink.close()
        let lines = try folder.text().split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 4 && lines[1] == "{\"id\":\"to" && lines[2].contains("\"id\":\"2\"") && lines[3].isEmpty)
    }
}

extension FileSinkSettings {
    func opened(clock: any WallClock = SystemClock(), calls: FileCalls = FileCalls()) async throws -> FileSink {
        try await FileSink.open(self, clock: clock, calls: calls)
    }
}
