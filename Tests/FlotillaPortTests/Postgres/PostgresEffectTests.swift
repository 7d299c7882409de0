// SPDX-License-Identifier: Apache-2.0

import FlotillaCrypto
import FlotillaEngine
import FlotillaModel
import TestSupport
import Testing

@testable import FlotillaPostgres

@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed")) struct PostgresEffectTests {
    @Test func `effects leave when no row of the ledger is as old; an intent without a result stays ten times as long`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let store = try await harness.store { $0.lease = .seconds(60) }
            let (ledger, effects) = (PostgresLedger(store), PostgresEffects(store))
            func left(_ id: String) async throws -> [String] { try await effects.effects(of: key(id)).map(\.effect.name).sorted() }
            for id in ["ended", "claimed", "forgotten"] {
                let claim = HeldClaim(key: try key(id), fence: try await ledger.claimed(key(id)))
                for name in ["done", "unknown"] { _ = try await effects.begin(effect(name, of: id), ask(run: 1), under: claim) }
                #expect(try await effects.finish(effect("done", of: id), ask(run: 1), value: .plain([1]), under: claim))
                if id != "claimed" { #expect(try await ledger.mark(claim.key, fence: claim.fence, as: .dead)) }
            }
            func age(by days: Int) throws {
                try harness.run("UPDATE effect SET since = now() - interval '\(days) days', changed = now() - interval '\(days) days'")
            }
            try age(by: 20)
            try await store.prune()
            for id in ["ended", "claimed", "forgotten"] { #expect(try await left(id) == ["done", "unknown"], "\(id)") }
            // As if its partition had been dropped.
            try harness.run("DELETE FROM ledger WHERE key = decode('\(Hex.encode(try key("forgotten").bytes))', 'hex')")
            try await store.prune()
            #expect(try await left("forgotten") == ["unknown"])
            try age(by: 139)
            try await store.prune()
            #expect(try await left("forgotten") == ["unknown"])
            try age(by: 141)
            try await store.prune()
            #expect(try await left("forgotten") == [])
            for id in ["ended", "claimed"] { #expect(try await left(id) == ["done", "unknown"], "\(id)") }
        }
    }

    /// Connections of this harness's stores that wait for a lock.
    private static func waiting(_ harness: PostgresHarness) -> String {
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name LIKE 'test \(harness.schema) %'"
    }

    /// Whoever takes a claim over waits for what is being written under it, and finds it; what comes later is refused.
    @Test func `between a check of the claim and what is written under it nobody takes the claim over`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let store = try await harness.store { $0.lease = .seconds(60) }
            let (ledger, effects) = (PostgresLedger(store), PostgresEffects(store))
            let claim = HeldClaim(key: try key("1"), fence: try await ledger.claimed(key("1")))
            // Somebody has the place of the effect: the intent waits there, behind its check.
            let other = try RawSession(harness.server.address())
            try other.run(
                """
                SET search_path = \(harness.schema); BEGIN;
                INSERT INTO effect VALUES (now(), now(), 1, 9, 0, false, decode('\(Hex.encode(claim.key.bytes))', 'hex'), 'send', '', '', 'p')
                """)
            async let answer = effects.begin(effect(), ask(run: 1), under: claim)
            try await until { try harness.run("\(Self.waiting(harness)) AND query LIKE '%effect%'").count == 1 }
            async let marked = ledger.mark(claim.key, fence: claim.fence, as: .free)
            try await until { try harness.run(Self.waiting(harness)).count == 2 }
            try other.run("ROLLBACK")
            #expect(try await answer == .call(isRepeat: false))
            #expect(try await marked)
            #expect(try await effects.finish(effect(), ask(run: 1), value: nil, under: claim) == false)
        }
    }

    @Test func `while a person settles an effect nobody claims its event`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let store = try await harness.store { $0.lease = .seconds(60) }
            let (ledger, effects) = (PostgresLedger(store), PostgresEffects(store))
            let claim = HeldClaim(key: try key("1"), fence: try await ledger.claimed(key("1")))
            _ = try await effects.begin(effect(), ask(run: 1), under: claim)
            #expect(try await ledger.mark(claim.key, fence: claim.fence, as: .dead))
            // It has the place of the event by now, and waits for the effect.
            let other = try RawSession(harness.server.address())
            try other.run("SET search_path = \(harness.schema); BEGIN; SELECT FROM effect FOR UPDATE")
            async let settled = effects.resolve(effect(), as: .redo, recording: Deed(at: Timestamp(milliseconds: 0), who: "", what: ""))
            try await until { try harness.run("\(Self.waiting(harness)) AND query LIKE '%effect%'").count == 1 }
            async let replayed = ledger.claimed(key("1"), generation: 1)
            try await until { try harness.run("\(Self.waiting(harness)) AND query LIKE '%claim%'").count == 1 }
            try other.run("COMMIT")
            _ = try await settled
            #expect(try await replayed > claim.fence)
            #expect(try harness.run("SELECT session > 0 FROM claim") == [["t"]])
            #expect(try await effects.effects(of: key("1")).isEmpty)
        }
    }
}
