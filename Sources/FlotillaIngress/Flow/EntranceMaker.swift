// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// Makes the entrances of an ingress, at its start and at every change of the configuration. What a hook has counted (metrics, its rate, the
/// bytes it holds) goes on under its name.
struct EntranceMaker: Sendable {
    let publisher: TimedPublisher
    var secrets: HookVault?
    let clock: any WallClock
    let random: any RandomSource
    let metrics: MetricsRegistry
    let log: Logger

    /// By the path that leads there.
    func entrances(
        of hooks: HookTable, _ tokens: APITokens, _ protection: Protection, _ senders: SenderGuard, after old: [String: Entrance]
    ) -> [String: Entrance] {
        var entrances = [EventsEndpoint.path: entrance(for: tokens, protection, senders, after: old[EventsEndpoint.path])]
        for hook in hooks.all { entrances[hook.source] = entrance(of: hook, protection, senders, after: old[hook.source]) }
        return entrances
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
        let before = old?.endpoint as? HookEndpoint
        let publisher = publisher
        let endpoint = HookEndpoint(
            hook: hook, handed: handed(of: hook, after: before),
            meters: before?.meters ?? HookMeters(of: hook.name, in: metrics), log: log,
            watch: before?.watch ?? HookWatch(of: hook.name, metrics: metrics, log: self.log) { publisher.deadlines.now },
            publisher: publisher, clock: clock, random: random, senders: senders, pace: pace(of: hook, after: before))
        return Entrance(
            endpoint, publisher: publisher, senders: senders, held: held(protection, after: old), networks: hook.limits.networks, log: log,
            clock: clock)
    }

    private func handed(of hook: Hook, after old: HookEndpoint?) -> HandedSecret? {
        guard hook.awaitsSecret else { return nil }
        return secrets.map { HandedSecret(of: hook, in: $0, after: old?.handed, by: publisher.deadlines, clock: clock, log: log) }
    }

    private func entrance(for tokens: APITokens, _ protection: Protection, _ senders: SenderGuard, after old: Entrance?) -> Entrance {
        let log = RefusalLog(of: EventsEndpoint.name, to: log)
        let endpoint = EventsEndpoint(
            tokens: tokens, meters: old?.meters ?? HookMeters(of: EventsEndpoint.name, in: metrics), log: log, clock: clock,
            senders: senders)
        return Entrance(endpoint, publisher: publisher, senders: senders, held: held(protection, after: old), log: log, clock: clock)
    }

    private func pace(of hook: Hook, after old: HookEndpoint?) -> HookPace? {
        let publisher = publisher
        return hook.limits.rate.map { rate in
            if let pace = old?.pace, pace.rate == rate { return pace }
            return HookPace(rate) { publisher.deadlines.now }
        }
    }

    private func held(_ protection: Protection, after old: Entrance?) -> InflightBytes {
        if let held = old?.held, held.limit == protection.hookBytes { return held }
        return InflightBytes(limit: protection.hookBytes)
    }
}
