// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import TestSupport

/// One database, its crash workers, and the test's own look into it.
struct CrashRun {
    let place: Place
    let open: OpenFile
    let queue = "crash"

    static func with<Value>(_ body: (CrashRun) async throws -> Value) async throws -> Value {
        try await Place.with { place in
            try await OpenFile.with(place.file("flotilla.db")) { open in
                try await open.declare("crash")
                return try await body(CrashRun(place: place, open: open))
            }
        }
    }

    func worker(_ orders: [String]) throws -> Child {
        let files = ["file=" + place.file("flotilla.db"), "runs=" + place.file("runs"), "kills=" + place.file("kills")]
        return try place.start("CrashWorker", files + ["queue=" + queue] + orders)
    }

    /// Starts workers, one after the other, until nothing is on its way in the queue. Answers how those ended that ended themselves.
    func restarted(_ orders: [String], most: Int, within limit: Duration = .seconds(60)) async throws -> [Child.Ending] {
        var endings: [Child.Ending] = []
        for _ in 0...most {
            let child = try worker(orders)
            let isOver = try await eventually("the worker ends, or the queue is empty", within: limit) { () -> Bool? in
                if child.hasEnded != nil { return false }
                return try await open.isEmpty(queue) ? true : nil
            }
            if isOver {
                child.send(SIGKILL)
                try await child.end()
                return endings
            }
            endings.append(try await child.end())
        }
        throw TooLate(description: "the queue is not empty after \(most) restarts")
    }

    /// Ids in the order in which the handler began with them.
    var runs: [String] { place.lines("runs").map { String($0.prefix { $0 != " " }) } }

    var kills: Int { place.lines("kills").count }
}
