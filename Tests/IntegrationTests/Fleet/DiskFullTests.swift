// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc
internal import Testing

@Suite struct DiskFullTests {
    /// A file system of a few megabytes, mounted in the test's folder for as long as `body` runs.
    private func withSmallDisk<Value>(_ place: Place, _ body: (_ folder: String) async throws -> Value) async throws -> Value {
        let folder = place.file("small")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let code = mount("tmpfs", folder, "tmpfs", 0, "size=3m")
        try #require(code == 0, "\(String(cString: strerror(errno)))")
        // Detached: the fleet may still have its files open when a test fails.
        defer { umount2(folder, Int32(MNT_DETACH)) }
        return try await body(folder)
    }

    @Test(
        "a full disk: 503 with Retry-After and nothing that was acknowledged is lost; with space again it goes on by itself",
        .enabled(if: geteuid() == 0 || environment("FLOTILLA_TEST_TOOLS"), "only root can mount a small file system"))
    func full() async throws {
        try await Place.with { place in
            try await withSmallDisk(place) { folder in
                try await full(Fleet(place, database: "small/flotilla.db"), folder)
            }
        }
    }

    private func full(_ fleet: Fleet, _ folder: String) async throws {
        let child = try await fleet.up()
        let filler = folder + "/filler"
        var body = Fleet.body
        body.insert(contentsOf: [UInt8](repeating: 0x20, count: 20_000), at: 0)
        var promised: [String] = []
        var refused: Wire.Answer?
        try Data(count: 1 << 20).write(to: URL(fileURLWithPath: filler))
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
        try await until("all are written") { try Set(promised).isSubset(of: fleet.written()) }
        try await until("it is ready again") { try await Wire.get(fleet.admin, "/readyz").status == 200 }
        #expect(child.hasEnded == nil)
        child.send(SIGTERM)
        #expect(try await child.end() == .exited(0))
        let path = folder + "/flotilla.db"
        #expect(try await OpenFile.with(path) { try await $0.integrity() } == "ok")
        #expect(try await OpenFile.with(path) { try await $0.dead("log-sink").count } == 0)
    }
}
