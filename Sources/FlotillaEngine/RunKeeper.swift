// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import FlotillaRuntime
internal import Synchronization

/// Watches the handlers of one worker at work: cancels at the deadline, leaves those behind that ignore it, renews claims, and
/// cancels a handler whose claim or lane is lost. `run` ends when it is cancelled.
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

    init(
        ledger: any Ledger, lanes: HeldLanes? = nil, clock: any WallClock, sleeper: any Sleeper, interval: Duration, grace: Duration
    ) {
        self.ledger = ledger
        self.lanes = lanes
        self.clock = clock
        self.sleeper = sleeper
        self.interval = interval
        self.grace = grace
    }

    /// Handlers that ignored their cancellation and still run.
    var leftBehind: Int { stragglers.count.load(ordering: .relaxed) }

    func begin(claim: HeldClaim?, limit: Duration) -> HandlerRun {
        let run = HandlerRun(claim: claim, deadline: clock.uptime + limit, stragglers: stragglers)
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
        for run in runs where now >= run.deadline {
            run.cancel(for: .overran)
            if now >= run.deadline + grace { run.leave() }
        }
        if let lanes, case let lost = await lanes.lost(), !lost.isEmpty {
            // Read anew: some may have begun while the store was asked.
            for run in active.withLock({ Array($0.values) }) where run.claim.map({ lost.contains($0.key) }) ?? false {
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
