// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import TestSupport
import Testing

@testable import FlotillaPostgres

/// What the database ended for others that were in the way, and did not do: whoever has asked never hears of it, unless it goes on for ever.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .timeLimit(.minutes(2))) struct PostgresCollisionTests {
    /// Whose statement it is that fails, and what is asked for then.
    enum Place: String, CaseIterable, CustomTestStringConvertible {
        case claims, marks, dones, effects, lanes
        /// Of a claim that is not fresh: where it looks, and where it writes.
        case look, write

        var testDescription: String { rawValue }

        var statement: String {
            switch self {
            case .claims, .look: "INSERT ON claim"
            case .marks, .dones: "INSERT ON ledger"
            case .effects: "INSERT ON effect"
            case .lanes: "INSERT ON lane"
            case .write: "UPDATE ON claim"
            }
        }

        /// Of what was written before, each would answer something else.
        func isAnswered(by store: PostgresStore, under claim: HeldClaim) async throws -> Bool {
            let ledger = PostgresLedger(store)
            switch self {
            case .claims: return try await ledger.claim(key("2"), round: 1, generation: 0, alone: false) == .run(fence: 1)
            case .look, .write: return try await ledger.claim(key("2"), round: 2, generation: 0, alone: false) == .run(fence: 1)
            case .marks: return try await ledger.mark(claim.key, fence: claim.fence, as: .done)
            case .dones:
                try await ledger.markDone(key("2"), generation: 0)
                return try await ledger.entry(for: key("2"))?.row.fence == 1
            case .effects: return try await PostgresEffects(store).begin(effect(), ask(run: 1), under: claim) == .call(isRepeat: false)
            case .lanes:
                let request = LaneRequest(
                    lane: try LaneKey(consumer: "q", partitionKey: "k"), key: claim.key, generation: 0, owner: 1, turn: 1, kind: .exclusive)
                guard case .entered = try await PostgresLanes(store).enter(request) else { return false }
                return true
            }
        }
    }

    @Test(arguments: Place.allCases, ["40001", "40P01"])
    func `what collides is asked again seven times by itself and is done once; at the eighth collision whoever asked is told`(
        _ place: Place, _ code: String
    ) async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let store = try await harness.store { $0.lease = .seconds(60) }
            let claim = HeldClaim(key: try key("1"), fence: try await PostgresLedger(store).claimed(key("1")))
            // What is drawn from a sequence stays drawn, whatever is undone.
            try harness.run(
                """
                CREATE SEQUENCE collision;
                CREATE FUNCTION collide() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF nextval('collision') <= 8 THEN RAISE SQLSTATE '\(code)'; END IF;
                    RETURN NULL;
                END $$;
                CREATE TRIGGER collide AFTER \(place.statement) FOR EACH STATEMENT EXECUTE FUNCTION collide()
                """)
            await #expect {
                try await place.isAnswered(by: store, under: claim)
            } throws: { ($0 as? PostgresFailure)?.code == code }
            #expect(try harness.run("SELECT last_value FROM collision") == [["8"]])
            try harness.run("SELECT setval('collision', 1)")
            #expect(try await place.isAnswered(by: store, under: claim))
            #expect(try harness.run("SELECT last_value FROM collision") == [["9"]])
            #expect(await store.ailment() == nil)
        }
    }
}
