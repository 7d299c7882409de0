// SPDX-License-Identifier: Apache-2.0

internal import CBench
internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime
internal import FlotillaSQLite
internal import Glibc
internal import Synchronization

/// The embedded fleet under load: publish, fetch, claim, handle, mark and acknowledge, in one process on one file.
struct LocalBench {
    let folder: String
    let seconds: Int
    let publishers: Int
    private let bodyBytes = 1024

    struct Figures {
        var eventsPerSecond = 0.0
        /// Of the whole seconds measured.
        var slowestSecond = 0.0
        /// Of single publishes, in microseconds, ascending.
        var latencies: [Double] = []

        func percentile(_ share: Double) -> Double {
            latencies.isEmpty ? 0 : latencies[min(latencies.count - 1, Int(Double(latencies.count) * share))]
        }
    }

    struct BacklogFigures {
        var fillPerSecond = 0.0
        var beside = Figures()
        var drainPerSecond = 0.0
    }

    /// Makes the folder, and removes what was left in it.
    func withFolder<Value>(_ body: () async throws -> Value) async throws -> Value {
        let parent = folder.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        for path in [parent, folder] where mkdir(path, 0o750) != 0 && errno != EEXIST {
            guard errno == ENOENT else { throw WrongUsage("--folder can't be made: \(String(cString: strerror(errno)))") }
            throw WrongUsage("--folder must be in a folder that is there: \(path)")
        }
        defer {
            for name in ["bench.db", "bare.db", "single.db", "backlog.db", "keys.db", "park.db"] {
                for suffix in ["", "-wal", "-shm", "-lock"] { unlink("\(folder)/\(name)\(suffix)") }
            }
            unlink("\(folder)/sync")
            rmdir(folder)
        }
        return try await body()
    }

    /// A file alone, for the time of `body`.
    func withFile<Value>(_ name: String, _ body: (SQLiteFile) async throws -> Value) async throws -> Value {
        let file = try await SQLiteFile.open("\(folder)/\(name)")
        do {
            let value = try await body(file)
            await file.close()
            return value
        } catch {
            await file.close()
            throw error
        }
    }

    /// The whole life of events, each publisher waiting for its confirm.
    func run() async throws -> Figures {
        try await with("bench.db") { fleet in try await fleet.steady(seconds, publishers: publishers) }
    }

    /// The same with events of so many partition keys, in this order.
    func run(keys: Int, order: EventOrder) async throws -> Figures {
        try await with("keys.db", keys: keys, order: order) { fleet in try await fleet.steady(seconds, publishers: publishers) }
    }

    /// One publisher alone, nothing consumed.
    func singles() async throws -> Figures {
        try await with("single.db", consuming: false) { fleet in try await fleet.steady(min(seconds, 5), publishers: 1) }
    }

    /// Fills a file with events that nobody takes, measures the same as `run` beside them, and drains all of it.
    func runBesideBacklog(of count: Int) async throws -> BacklogFigures {
        var figures = BacklogFigures()
        figures.fillPerSecond = try await with("backlog.db", consuming: false) { fleet in try await fleet.fill(count, publishers: 256) }
        figures.beside = try await with("backlog.db") { fleet in try await fleet.steady(seconds, publishers: publishers) }
        figures.drainPerSecond = try await with("backlog.db") { fleet in try await fleet.drain() }
        return figures
    }

    /// What a bare C loop does in the same time.
    func bareLoop() throws -> Double {
        let result = HotPath.withAll {
            flotilla_bench_sqlite("\(folder)/bare.db", $0, Int32(publishers), Int32(bodyBytes), 2000, Double(seconds))
        }
        guard result.events > 0 else { throw WrongUsage("the bare loop failed") }
        return result.events_per_second
    }

    static var residentMegabytes: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_maxrss) / 1024
    }

    private func with<Value>(
        _ name: String, consuming: Bool = true, keys: Int = 0, order: EventOrder = .exclusive,
        _ body: (BenchFleet) async throws -> Value
    ) async throws -> Value {
        let fleet = try await BenchFleet(
            path: "\(folder)/\(name)", bodyBytes: bodyBytes, consuming: consuming, keys: keys, order: order)
        do {
            let value = try await body(fleet)
            await fleet.close()
            return value
        } catch {
            await fleet.close()
            throw error
        }
    }
}
