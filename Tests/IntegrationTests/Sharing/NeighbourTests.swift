// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import Foundation
internal import Glibc
internal import TestSupport
internal import Testing

/// What one process of a file notices of another.
@Suite(.serialized) struct NeighbourTests {
    @Test("an event published by one process reaches another's handler within 20 ms at the median")
    func quick() async throws {
        try await CrashRun.with { run in
            // Other tests may keep both cores busy for a while: the best of a few rounds tells how long the way itself is.
            var medians: [Int] = []
            let worker = try run.worker([])
            try await until("the worker consumes") { try await run.open.report(run.queue).consumers == 1 }
            for round in 0..<5 {
                let publisher = try run.worker(["consume=no", "publish=100", "pause-ms=3", "name=\(round)"])
                #expect(try await publisher.end() == .exited(0), "\(publisher.errors)")
                try await until("all are handled") { run.runs.count >= (round + 1) * 100 }
                let times = run.place.lines("runs").suffix(100).compactMap { Int($0.split(separator: " ")[2]) }.sorted()
                medians.append(times[50])
                if times[50] < 20_000 { break }
            }
            #expect(medians.min().map { $0 < 20_000 } == true, "medians in microseconds: \(medians)")
            #expect(worker.hasEnded == nil)
        }
    }

    @Test("a process that waits for events beside another uses next to no processor time")
    func idle() async throws {
        try await CrashRun.with { run in
            let workers = [try run.worker([]), try run.worker([])]
            try await until("both consume") { try await run.open.report(run.queue).consumers == 2 }
            let clock = ContinuousClock()
            let begin = clock.now
            let before = try workers.map { try processorTime($0) }
            // Each moves the end of its lease on as long as it lives.
            let leases = "SELECT min(until) FROM session WHERE pid IN (\(workers.map { "\($0.pid)" }.joined(separator: ",")))"
            let last = try await run.open.count(leases) + 3000
            try await until("both have looked after their leases for three seconds") { try await run.open.count(leases) >= last }
            for (worker, before) in zip(workers, before) {
                let used = try processorTime(worker) - before
                #expect(used < .milliseconds(20) * ((clock.now - begin) / .seconds(1)))
            }
        }
    }

    /// In user and kernel together, of all its threads: to the nanosecond, where /proc counts in hundredths of a second.
    private func processorTime(_ child: Child) throws -> Duration {
        var clock = clockid_t()
        try #require(clock_getcpuclockid(child.pid, &clock) == 0)
        var time = timespec()
        try #require(clock_gettime(clock, &time) == 0)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
