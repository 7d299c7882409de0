// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc
internal import TestSupport
internal import Testing

@Suite struct DiskFullTests {
    @Test(
        "a full disk: 503 with Retry-After and nothing that was acknowledged is lost; with space again it goes on by itself",
        .enabled(if: SmallDisk.isPossible, "only root can mount a small disk"))
    func full() async throws {
        try await Place.with { place in
            try await SmallDisk.with(kilobytes: 8192) { disk in
                try await full(Fleet(place, database: disk + "/flotilla.db"), disk)
            }
        }
    }

    private func full(_ fleet: Fleet, _ disk: String) async throws {
        let child = try await fleet.up()
        let filler = disk + "/filler"
        let body = [UInt8](repeating: 0x20, count: 20_000) + Fleet.body
        var promised: [String] = []
        var refused: Wire.Answer?
        try Data(count: 1 << 22).write(to: URL(fileURLWithPath: filler))
        for number in 0..<400 where refused == nil {
            let answer = try await fleet.post(body, id: "before-\(number)")
            if answer.status == 202 { promised.append("before-\(number)") } else { refused = answer }
        }
        let answer = try #require(refused)
        #expect(answer.status == 503)
        #expect(answer.header("Retry-After").flatMap { Int($0) } != nil)
        #expect(!promised.isEmpty)
        // What is small may still find a place in between.
        let ready = try await eventually("it says that it is not ready") {
            _ = try await fleet.post(body, id: "refused")
            let ready = try await Wire.get(fleet.admin, "/readyz")
            return ready.status == 503 ? ready : nil
        }
        #expect(ready.body.contains("no space"), "\(ready.body)")
        #expect(try await Wire.get(fleet.admin, "/healthz").status == 200)

        try FileManager.default.removeItem(atPath: filler)
        try await until("it accepts again") { try await fleet.post(body, id: "again").status == 202 }
        promised.append("again")
        try await until("all are written") { [promised] in try Set(promised).isSubset(of: fleet.written()) }
        try await until("it is ready again") { try await Wire.get(fleet.admin, "/readyz").status == 200 }
        #expect(child.hasEnded == nil)
        child.send(SIGTERM)
        #expect(try await child.end() == .exited(0))
        let path = disk + "/flotilla.db"
        #expect(try await OpenFile.with(path) { try await $0.integrity() } == "ok")
        #expect(try await OpenFile.with(path) { try await $0.dead("log-sink").count } == 0)
    }
}
