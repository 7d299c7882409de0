// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaMemory
import FlotillaModel
import FlotillaRuntime

/// Everybody shares one broker and its stores; whoever vanishes takes along all who had subscribed or claimed until then.
struct MemoryHarness: Harness {
    let broker: MemoryBroker
    let ledger: MemoryLedger
    let hookSecrets = MemoryHookSecrets()
    let consents: MemoryConsents

    static func use(_ body: (any Harness) async throws -> Void) async throws {
        let loop = try Loop("memory")
        defer { loop.stop() }
        let clock = SystemClock()
        try await body(
            MemoryHarness(
                broker: MemoryBroker(clock: clock, loop: loop), ledger: MemoryLedger(clock: clock),
                consents: MemoryConsents(clock: clock)))
    }

    func open() async throws -> Holder {
        Holder(
            broker: broker, ledger: ledger, lanes: ledger, effects: ledger, hookSecrets: hookSecrets,
            parking: Parking(park: broker, consents: consents, ledger: ledger),
            vanish: { [broker, ledger] in
                ledger.vanish()
                broker.vanish()
            },
            depth: { [broker] in broker.depth(of: $0) },
            state: { [ledger] in try await ledger.entry(for: $0)?.row.state },
            letters: { [broker] queue in broker.letters(in: queue).map { KeptLetter(content: $0.content, passage: $0.passage) } })
    }

    func damage(in queue: String) async throws {
        try await broker.publishDamaged(to: queue)
    }

    func age(tickets time: Duration) async throws { try ledger.age(tickets: time) }
}
