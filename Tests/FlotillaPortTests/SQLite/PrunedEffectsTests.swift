// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRuntime
import FlotillaSQLite
import TestSupport
import Testing

struct PrunedEffectsTests {
    /// The slice of the key space that the event stands in: where the walk begins here.
    private static func slice(of key: LedgerKey) -> UInt16 { UInt16(key.bytes[0]) << 4 | UInt16(key.bytes[1] >> 4) }

    /// A file whose pruner begins where the event is, `age` after the event has ended with one effect done and one unknown.
    private static func effects(after age: Duration, within limit: Duration, of mark: LedgerMark = .dead) async throws -> [String] {
        var left: [String] = []
        var options = SQLiteFile.Options()
        options.ledgerAge = limit
        options.lease = .milliseconds(300)
        options.firstSlice = slice(of: try key("1"))
        try await SQLiteHarness.use(options: options) { harness in
            let clock = ManualClock()
            var options = options
            options.prunes = false
            let first = try await SQLiteFile.open(harness.path, options: options, clock: clock)
            let (ledger, effects) = (SQLiteLedger(first), SQLiteEffects(first))
            let claim = HeldClaim(key: try key("1"), fence: try await ledger.claimed(key("1")))
            for name in ["done", "unknown"] { _ = try await effects.begin(effect(name), ask(run: 1), under: claim) }
            #expect(try await effects.finish(effect("done"), ask(run: 1), value: .plain([1]), under: claim))
            #expect(try await ledger.mark(claim.key, fence: claim.fence, as: mark))
            await first.close()

            clock.advance(by: age)
            let file = try await harness.file(clock: clock)
            clock.advance(by: .seconds(20))
            let now = clock.now.milliseconds
            try await until { try Tampering.integer(harness.path, "SELECT max(until) FROM session") > now }
            left = try await SQLiteEffects(file).effects(of: claim.key).map(\.effect.name)
        }
        return left.sorted()
    }

    @Test func `effects leave with the row of their event; an intent without a result stays ten times as long`() async throws {
        let day = Duration.seconds(86_400)
        #expect(try await Self.effects(after: day / 2, within: day) == ["done", "unknown"])
        #expect(try await Self.effects(after: day * 2, within: day) == ["unknown"])
        #expect(try await Self.effects(after: day * 9, within: day) == ["unknown"])
        #expect(try await Self.effects(after: day * 11, within: day) == [])
    }

    @Test func `what is parked does not age: its row and all its effects stay`() async throws {
        let day = Duration.seconds(86_400)
        #expect(try await Self.effects(after: day * 30, within: day, of: .parked) == ["done", "unknown"])
    }
}
