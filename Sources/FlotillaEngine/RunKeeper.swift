// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import FlotillaRuntime
internal import Synchronization

/// Watches the handlers of one worker at work: cancels at the deadline, leaves those behind that ignore it, renews claims, and
/// cancels a handler whose claim or lane is lost. Sees to it that nobody waits for long to run alone. `run` ends when it is cancelled.
final class RunKeeper: Sendable {
    private let active = Mutex<[ObjectIdentifier: HandlerRun]>([:])
    private let stragglers = Stragglers()
    private let ledger: any Ledger
    private let clock: any WallClock
    private let sleeper: any Sleeper
    private let interval: Duration
    /// How long a cancelled handler may take to end before it is left behind.
    private let grace: Duration
    private let lanes: HeldLanes?
    private let solitude: Solitude

    /// How long a delivery may be held that waits to run alone.
    static let patience = Duration.seconds(60)

    init(
        ledger: any Ledger, lanes: HeldLanes? = nil, solitude: Solitude, clock: any WallClock, sleeper: any Sleeper, interval: Duration,
        grace: Duration
    ) {
        self.ledger = ledger
        self.lanes = lanes
        self.solitude = solitude
        self.clock = clock
        self.sleeper = sleeper
        self.interval = interval
        self.grace = grace
    }

    /// Handlers that ignored their cancellation and still run.
    var leftBehind: Int { stragglers.count.load(ordering: .relaxed) }

    /// - Parameter claim: nil where nothing is claimed.
    func begin(_ key: LedgerKey?, claim: HeldClaim?, limit: Duration) -> HandlerRun {
        let run = HandlerRun(key: key, claim: claim, deadline: clock.uptime + limit, stragglers: stragglers)
        active.withLock { $0[ObjectIdentifier(run)] = run }
        return run
    }

    func end(_ run: HandlerRun) {
        active.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(run)) }
    }

    func run() async {
        while !Task.isCancelled {
            do { try await sleeper.sleep(for: interval) } catch { return }
            await sweep()
        }
    }

    func sweep() async {
        let runs = active.withLock { Array($0.values) }
        let now = clock.uptime
        solitude.giveUp(since: now - Self.patience)
        for run in runs where now >= run.deadline {
            run.cancel(for: .overran)
            if now >= run.deadline + grace { run.leave() }
        }
        if let lanes, case let lost = await lanes.lost(), !lost.isEmpty {
            // Read anew: some may have begun while the store was asked.
            for run in active.withLock({ Array($0.values) }) where run.key.map(lost.contains) ?? false {
                run.cancel(for: .lostClaim)
            }
        }
        let held = runs.compactMap(\.claim)
        guard !held.isEmpty else { return }
        // A store that is away is asked again at the next sweep; marks are fenced in any case.
        guard let lost = try? await ledger.lost(among: held), !lost.isEmpty else { return }
        let gone = Set(lost)
        for run in runs {
            if let claim = run.claim, gone.contains(claim) { run.cancel(for: .lostClaim) }
        }
    }
}
