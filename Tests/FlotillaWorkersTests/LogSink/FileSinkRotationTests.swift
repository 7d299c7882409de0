// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import FlotillaRuntime
internal import Foundation
internal import Testing

@testable internal import FlotillaWorkers

@Suite(.timeLimit(.minutes(2))) struct FileSinkRotationTests {
    private let folder: TestFolder
    /// Files are born by the system's clock.
    private let clock = ManualClock(SystemClock().now)

    init() throws {
        folder = try TestFolder()
    }

    private func size(_ name: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: folder.file(name))[.size] as? Int)
    }

    @Test func `Through hundreds of rotations no record is lost, doubled or split, and no file is too large`() async throws {
        let sink = try await settings(folder, maxBytes: 2000).opened(clock: clock)
        let sizes = [300, 399, 500, 650, 1999, 2000]
        try await appendAll((0..<800).map { try record("\($0)", bytes: sizes[$0 % sizes.count]) }, to: sink)
        let counts = await sink.counts
        await sink.close()
        let names = try folder.names()
        #expect(counts.rotations > 200)
        #expect(names.count == counts.rotations + 1)
        for name in names { #expect(try size(name) <= 2000) }
        let ids = try folder.ids()
        #expect(ids.count == 800 && Set(ids).count == 800)
    }

    @Test func `A record that is larger than a file may be has one for itself`() async throws {
        let sink = try await settings(folder, maxBytes: 1000).opened(clock: clock)
        for (id, bytes) in [("1", 400), ("2", 5000), ("3", 400), ("4", 400), ("5", 1001)] {
            try await sink.append(record(id, bytes: bytes))
        }
        await sink.close()
        #expect(try folder.names().map { try folder.ids(in: $0) } == [["1"], ["2"], ["3", "4"], ["5"]])
    }

    @Test func `A file is put aside when its first record is too old`() async throws {
        let sink = try await settings(folder, maxAge: .seconds(3600)).opened(clock: clock)
        // An empty file does not age.
        clock.advance(by: .seconds(7200))
        try await sink.append(record("1", bytes: 300))
        clock.advance(by: .milliseconds(3_599_999))
        try await sink.append(record("2", bytes: 300))
        clock.advance(by: .milliseconds(1))
        try await sink.append(record("3", bytes: 300))
        clock.advance(by: .milliseconds(3_599_999))
        try await sink.append(record("4", bytes: 300))
        await sink.close()
        #expect(try folder.names().map { try folder.ids(in: $0) } == [["1", "2"], ["3", "4"]])
    }

    @Test func `After a restart a file is as old as it was, however late it was changed`() async throws {
        let settings = settings(folder, maxAge: .seconds(3600))
        for (id, pause) in [("1", 0), ("2", 3500), ("3", 200)] as [(String, Int)] {
            clock.advance(by: .seconds(pause))
            // As if the process before had written a moment ago.
            try? FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: Double(clock.now.milliseconds) / 1000)], ofItemAtPath: folder.file())
            let sink = try await settings.opened(clock: clock)
            try await sink.append(record(id, bytes: 300))
            await sink.close()
        }
        #expect(try folder.names().map { try folder.ids(in: $0) } == [["1", "2"], ["3"]])
    }

    @Test func `Only the newest rotated files stay, and other files are never touched`() async throws {
        let strangers = [
            "log-20200101T000000Z-1.jsonl", "log-old.jsonl", "log-20200101T000000Z-0001.jsonl.gz", "other-20200101T000000Z-0001.jsonl",
        ]
        for name in strangers { try folder.write("stranger", to: name) }
        let sink = try await settings(folder, maxBytes: 300, keep: 3).opened(clock: clock)
        for id in 1...10 {
            try await sink.append(record("\(id)", bytes: 300))
            // Back in time: the newest must stay all the same.
            clock.advance(by: .seconds(id == 5 ? -86_400 : 1))
        }
        await sink.close()
        for name in strangers { #expect(try folder.text(name) == "stranger") }
        for name in strangers { try FileManager.default.removeItem(atPath: folder.file(name)) }
        #expect(try folder.ids() == ["7", "8", "9", "10"])
    }

    @Test func `A rotation overwrites nothing`() async throws {
        let name = RotatedPattern(of: folder.file()).text(RotatedName(at: clock.now, after: nil))
        let sink = try await settings(folder, maxBytes: 300).opened(clock: clock)
        try folder.write("precious", to: name)
        for id in ["1", "2", "3"] { try await sink.append(record(id, bytes: 300)) }
        await sink.close()
        #expect(try folder.text(name) == "precious")
        try FileManager.default.removeItem(atPath: folder.file(name))
        #expect(try folder.ids() == ["1", "2", "3"])
    }

    @Test func `Sinks that share a file lose, double and mix nothing through hundreds of rotations`() async throws {
        let settings = settings(folder, maxBytes: 3000)
        let sinks = (
            try await settings.opened(clock: clock), try await settings.opened(clock: clock), try await settings.opened(clock: clock)
        )
        try await appendAll((0..<1000).map { try record("\($0)", bytes: 300 + $0 % 700) }, to: sinks.0, sinks.1, sinks.2)
        let rotations = await sinks.0.counts.rotations + sinks.1.counts.rotations + sinks.2.counts.rotations
        await sinks.0.close()
        await sinks.1.close()
        await sinks.2.close()
        let names = try folder.names()
        #expect(rotations > 200)
        #expect(names.count == rotations + 1)
        for name in names { #expect(try size(name) <= 3000) }
        let ids = try folder.ids()
        #expect(ids.count == 1000 && Set(ids).count == 1000)
    }

    @Test func `What is rotated together by several sinks still respects the number that stays`() async throws {
        let settings = settings(folder, maxBytes: 300, keep: 2)
        let sinks = (try await settings.opened(clock: clock), try await settings.opened(clock: clock))
        try await appendAll((0..<100).map { try record("\($0)", bytes: 300) }, to: sinks.0, sinks.1)
        await sinks.0.close()
        await sinks.1.close()
        #expect(try folder.names().count == 3)
        #expect(try folder.ids().count == 3)
    }
}
