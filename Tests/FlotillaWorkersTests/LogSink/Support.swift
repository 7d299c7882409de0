// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import FlotillaRuntime
internal import Foundation
internal import Synchronization
internal import Testing

@testable internal import FlotillaWorkers

/// A folder of one test, removed with it.
final class TestFolder: Sendable {
    let path: String
    private let isOwned: Bool

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("flotilla-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
        isOwned = true
    }

    /// One that somebody else removes.
    init(at path: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        self.path = path
        isOwned = false
    }

    deinit {
        if isOwned { try? FileManager.default.removeItem(atPath: path) }
    }

    func file(_ name: String = "log.jsonl") -> String { path + "/" + name }

    /// In the order of their names: rotated files from the oldest on, then the one that is written to.
    func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }

    func write(_ text: String, to name: String = "log.jsonl") throws {
        try text.write(toFile: file(name), atomically: false, encoding: .utf8)
    }

    func text(_ name: String = "log.jsonl") throws -> String {
        try String(decoding: Data(contentsOf: URL(fileURLWithPath: file(name))), as: UTF8.self)
    }

    /// The ids in all files, in order; fails the test for every line that is not a record.
    func ids() throws -> [String] {
        try names().flatMap { try ids(in: $0) }
    }

    func ids(in name: String) throws -> [String] {
        let text = try text(name)
        #expect(text.isEmpty || text.hasSuffix("\n"), "\(name) ends in the middle of a record")
        return try text.split(separator: "\n").map { line in
            let id = try JSONValue(parsing: String(line))["id"]?.string
            return try #require(id)
        }
    }
}

/// Counts calls, from any thread.
final class Count: Sendable {
    private let value = Mutex(0)

    var now: Int { value.withLock { $0 } }

    @discardableResult func next() -> Int {
        value.withLock { value in
            value += 1
            return value
        }
    }
}

func event(
    _ id: String, type: String = "github.push", contentType: String? = "text/plain", _ data: some Sequence<UInt8> = [],
    subject: String? = nil,
    extensions: [String: String] = [:], time: Timestamp? = nil
) throws -> Event {
    try Event(
        id: id, source: "/hooks/github", type: type, time: time, subject: subject, dataContentType: contentType, extensions: extensions,
        data: Array(data))
}

/// A record whose line has exactly this many bytes.
func record(_ id: String, bytes: Int) throws -> LogRecord {
    let now = Timestamp(milliseconds: 0)
    let bare = try LogRecord(event(id), now: now).line.count
    try #require(bytes >= bare)
    let record = try LogRecord(event(id, repeatElement(UInt8(ascii: "x"), count: bytes - bare)), now: now)
    #expect(record.line.count == bytes)
    return record
}

func settings(_ folder: TestFolder, maxBytes: Int = 100_000_000, maxAge: Duration = .seconds(86_400), keep: Int = 1000) -> FileSinkSettings
{
    var settings = FileSinkSettings(path: folder.file())
    settings.maxBytes = maxBytes
    settings.maxAge = maxAge
    settings.keep = keep
    return settings
}

/// What an append threw; nil when it did not.
func trouble(_ sink: FileSink, _ record: LogRecord) async -> FileSinkFailure.Trouble? {
    do {
        try await sink.append(record)
        return nil
    } catch {
        return (error as? FileSinkFailure)?.trouble
    }
}

/// Appends all at once, each from a task of its own.
func appendAll(_ records: [LogRecord], to sinks: FileSink...) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, record) in records.enumerated() {
            let sink = sinks[index % sinks.count]
            group.addTask { try await sink.append(record) }
        }
        try await group.waitForAll()
    }
}
