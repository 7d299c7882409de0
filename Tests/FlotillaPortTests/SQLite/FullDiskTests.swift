// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRuntime
import FlotillaSQLite
import Foundation
import TestSupport
import Testing

/// A small file system of its own, gone with the test. Only root can make one.
private struct SmallDisk {
    let folder: Folder
    var path: String { folder.path }

    static func use(_ size: String, _ body: (SmallDisk) async throws -> Void) async throws {
        let disk = SmallDisk(folder: try Folder())
        try run("/bin/mount", "-t", "tmpfs", "-o", "size=\(size)", "tmpfs", disk.path)
        let result: (any Error)?
        do {
            try await body(disk)
            result = nil
        } catch { result = error }
        try run("/bin/umount", "-l", disk.path)
        if let result { throw result }
    }

    private static func run(_ program: String, _ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(program) \(arguments.joined(separator: " "))")
    }
}

struct FullDiskTests {
    @Test(.enabled(if: ProcessInfo.processInfo.environment["FLOTILLA_TEST_TOOLS"] != nil, "mounting needs root; scripts/test runs it"))
    func `a full disk refuses what it can't keep, loses nothing that it took, and works again when there is space`() async throws {
        try await SmallDisk.use("8m") { disk in
            try Data(count: 4 << 20).write(to: URL(fileURLWithPath: disk.path + "/ballast"))
            let path = disk.path + "/flotilla.db"
            let file = try await SQLiteFile.open(path)
            let broker = SQLiteBroker(file)
            try await broker.declare("q", bindings: [pattern("t")])
            var accepted: Set<String> = []
            var failure: (any Error)?
            let body = [UInt8](repeating: 7, count: 20_000)
            for number in 0..<1000 where failure == nil {
                do {
                    try await broker.publish([event("\(number)", data: body)])
                    accepted.insert("\(number)")
                } catch { failure = error }
            }
            #expect((failure as? BrokerFailure)?.kind == .away)
            #expect(accepted.count > 10)
            #expect(await broker.ailment() != nil)
            // Still full, and still answering.
            for _ in 0..<5 { await #expect(throws: BrokerFailure.self) { try await broker.publish([event("no", data: body)]) } }

            try FileManager.default.removeItem(atPath: disk.path + "/ballast")
            try await broker.publish([event("after", data: body)])
            accepted.insert("after")
            #expect(await broker.ailment() == nil)
            let subscription = try await broker.subscribe(to: "q", prefetch: 2000)
            let received = Set(try await subscription.take(accepted.count).map(\.id))
            #expect(received == accepted)
            await file.close()
            #expect(try Tampering.integer(path, "SELECT integrity_check = 'ok' FROM pragma_integrity_check") == 1)
        }
    }
}
