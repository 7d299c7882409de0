// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import FlotillaRuntime
internal import Synchronization

/// Looks after the park of one worker: tells the store of connections that are lost, and lets parked events go on when theirs is
/// back. One that came back while its event was on the way into the park is resumed at once; every minute the store is asked for
/// others. Connections take turns, a part of each at a time, and no part goes while the worker has that much to do already: whoever
/// has a large park holds up neither the others in it nor the worker's other events. `run` ends when it is cancelled.
final class ParkKeeper: Sendable {
    struct Pace: Sendable {
        /// At most so many events go at a time.
        var part = 500
        /// And at most so many a second.
        var rate = 500
        /// A queue that is never worked off must not stop it for ever: after so many seconds a tenth of a part goes.
        var patience = 30
        var sweep = Duration.seconds(60)
    }

    private let queue: String
    private let parking: Parking
    private let pace: Pace
    private let sleeper: any Sleeper
    private let chance: @Sendable () -> Double
    private let watcher: any WorkerWatcher
    /// The newest epoch that this worker has heard of. An older one than there is does no harm: one more run, and it is known.
    private let sighted = Atomic<Int64>(0)
    private let state = Mutex(State())
    private let bell = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    private struct State {
        var waiting = Fifo<Resumption>()
        /// Of those that wait or are at work.
        var names: Set<String> = []
        /// Of those that came back once more meanwhile: the look that is at its end may have been too early for them.
        var again: Set<String> = []
    }

    /// More wait in the store, for the next sweep.
    private static let most = 10_000
    private static let page = 1000

    init(
        queue: String, parking: Parking, pace: Pace, sleeper: any Sleeper, chance: @escaping @Sendable () -> Double,
        watcher: any WorkerWatcher
    ) {
        self.queue = queue
        self.parking = parking
        self.pace = pace
        self.sleeper = sleeper
        self.chance = chance
        self.watcher = watcher
    }

    /// What a run that begins now can know of any connection.
    var sight: Int64 { sighted.load(ordering: .acquiring) }

    /// A copy of the event is in the park. True when the connection was authorised since the run began.
    func parked(for connection: String, since sight: Int64) async throws -> Bool {
        let consent = try await parking.consents.lose(connection, seen: sight, parkedIn: queue)
        look(at: consent)
        return consent.isAuthorised(since: sight)
    }

    /// As soon as it is its turn.
    func resume(_ connection: String) {
        let isNew = state.withLock { state in
            guard state.names.count < Self.most else { return false }
            guard state.names.insert(connection).inserted else {
                state.again.insert(connection)
                return false
            }
            state.waiting.append(Resumption(connection, in: queue, parking))
            return true
        }
        if isNew { bell.continuation.yield() }
    }

    func run() async {
        await withTaskGroup { group in
            group.addTask { await self.sweepAgainAndAgain() }
            group.addTask { await self.work() }
        }
    }

    // MARK: Sweep

    private func sweepAgainAndAgain() async {
        await trying("park") { try await self.begin() }
        while !Task.isCancelled {
            // Workers that started together must not come together for ever.
            do { try await sleeper.sleep(for: pace.sweep * (0.75 + 0.25 * chance())) } catch { return }
            await trying("park") { try await self.sweep() }
        }
    }

    private func begin() async throws {
        look(at: try await parking.consents.epoch())
        for connection in try await parking.park.unnoted(in: queue).sorted() {
            guard try await parking.consents.note(of: connection, in: queue) == nil else { continue }
            try await parking.consents.note(connection, parkedIn: queue)
        }
    }

    private func sweep() async throws {
        var last: String?
        while state.withLock({ $0.names.count }) < Self.most {
            let due = try await parking.consents.due(in: queue, after: last, limit: Self.page)
            for consent in due {
                look(at: consent)
                resume(consent.connection)
            }
            guard due.count == Self.page else { return }
            last = due.last?.connection
        }
    }

    private func look(at consent: Consent) { look(at: consent.epoch) }
    private func look(at epoch: Int64) { _ = sighted.max(epoch, ordering: .acquiringAndReleasing) }

    // MARK: Resume

    private func work() async {
        for await _ in bell.stream {
            while !Task.isCancelled, let next = state.withLock({ $0.waiting.popFirst() }) { await take(next) }
        }
    }

    /// One part of one connection. What fails is left to the next sweep.
    private func take(_ resumption: Resumption) async {
        var next = resumption
        var goesOn = false
        await trying("resume") {
            let size = try await self.room()
            let step = try await next.step(atMost: size)
            switch step {
            case .went(let count):
                goesOn = true
                try await self.told(of: count, next)
            case .ended(let count):
                try await self.told(of: count, next)
            case .unsure, .refused:
                // The note stays: the next sweep looks again.
                break
            }
        }
        let left = next
        state.withLock { state in
            if goesOn { return state.waiting.append(left) }
            guard let name = left.connection else { return }
            if state.again.remove(name) != nil {
                state.waiting.append(Resumption(name, in: queue, parking))
            } else {
                state.names.remove(name)
            }
        }
    }

    private func told(of count: Int, _ resumption: Resumption) async throws {
        guard count > 0 else { return }
        watcher.resumed(count, of: resumption.connection)
        try await sleeper.sleep(for: .seconds(1) * (Double(count) / Double(pace.rate)))
    }

    /// How many may go now: a part as soon as less than that is ready in the queue.
    private func room() async throws -> Int {
        for _ in 0..<pace.patience {
            if try await parking.park.backlog(of: queue) < pace.part { return pace.part }
            try await sleeper.sleep(for: .seconds(1))
        }
        return max(1, pace.part / 10)
    }

    private func trying(_ step: String, _ body: () async throws -> Void) async {
        do { try await body() } catch {
            if !Task.isCancelled { watcher.waiting(for: step, because: error) }
        }
    }
}
