// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRuntime
import FlotillaSQLite
import Foundation
import TestSupport
import Testing

struct FullDiskTests {
    @Test(.enabled(if: SmallDisk.isPossible, "only root can mount a small disk"))
    func `a full disk refuses what it can't keep, loses nothing that it took, and works again when there is space`() async throws {
        try await SmallDisk.with(kilobytes: 8192) { disk in
            try Data(count: 4 << 20).write(to: URL(fileURLWithPath: disk + "/ballast"))
            let path = disk + "/flotilla.db"
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

            try FileManager.default.removeItem(atPath: disk + "/ballast")
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
