// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// Makes the entrances of an ingress, at its start and at every change of the configuration. What a hook has counted (metrics, its rate, the
/// bytes it holds) goes on under its name.
struct EntranceMaker: Sendable {
    let publisher: TimedPublisher
    let clock: any WallClock
    let random: any RandomSource
    let metrics: MetricsRegistry
    let log: Logger

    /// By the path that leads there.
    func entrances(
        of hooks: HookTable, _ protection: Protection, _ senders: SenderGuard, after old: [String: Entrance]
    ) -> [String: Entrance] {
        Dictionary(
            uniqueKeysWithValues: hooks.all.map { hook in
                (hook.source, entrance(of: hook, protection, senders, after: old[hook.source]))
            })
    }

    func senders(_ protection: Protection, after old: SenderGuard?) -> SenderGuard {
        let publisher = publisher
        let gate = protection.flood.map { rate in
            if let gate = old?.gate, gate.rate == rate { return gate }
            return FloodGate(rate) { publisher.deadlines.now }
        }
        return SenderGuard(gate: gate, proxies: protection.proxies, log: RefusalLog(of: HookMeters.nameOfUnknown, to: log), clock: clock)
    }

    private func entrance(of hook: Hook, _ protection: Protection, _ senders: SenderGuard, after old: Entrance?) -> Entrance {
        let log = RefusalLog(of: hook.name, to: log)
        let endpoint = HookEndpoint(
            hook: hook, meters: old?.meters ?? HookMeters(of: hook.name, in: metrics), log: log, publisher: publisher, clock: clock,
            random: random, senders: senders, pace: pace(of: hook, after: old))
        return Entrance(
            endpoint, senders: senders, held: held(protection, after: old), networks: hook.limits.networks, log: log, clock: clock)
    }

    private func pace(of hook: Hook, after old: Entrance?) -> HookPace? {
        let publisher = publisher
        return hook.limits.rate.map { rate in
            if let pace = (old?.endpoint as? HookEndpoint)?.pace, pace.rate == rate { return pace }
            return HookPace(rate) { publisher.deadlines.now }
        }
    }

    private func held(_ protection: Protection, after old: Entrance?) -> InflightBytes {
        if let held = old?.held, held.limit == protection.hookBytes { return held }
        return InflightBytes(limit: protection.hookBytes)
    }
}
