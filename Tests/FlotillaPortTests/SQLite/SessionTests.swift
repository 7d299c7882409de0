// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRuntime
import FlotillaSQLite
import TestSupport
import Testing

/// Two processes on one file, one of which takes the other for dead.
private struct Rivals {
    let stalled: SQLiteFile
    let stalledClock: ManualClock
    let other: SQLiteFile
    let otherClock: ManualClock
    let path: String

    /// The clock of `other` runs ahead when told: then the lease of `stalled` has run out, while it lives.
    static func use(_ body: (Rivals) async throws -> Void) async throws {
        await Turnstile.files.enter()
        defer { Turnstile.files.leave() }
        let folder = try Folder()
        let path = folder.path + "/flotilla.db"
        var slow = SQLiteFile.Options()
        // Never by itself: its clock stands while the other one's moves.
        slow.lease = .seconds(1800)
        slow.pace = .seconds(600)
        var quick = SQLiteFile.Options()
        quick.lease = .milliseconds(300)
        let clocks = (ManualClock(), ManualClock())
        let rivals = Rivals(
            stalled: try await SQLiteFile.open(path, options: slow, clock: clocks.0), stalledClock: clocks.0,
            other: try await SQLiteFile.open(path, options: quick, clock: clocks.1), otherClock: clocks.1, path: path)
        do { try await body(rivals) } catch {
            await rivals.end()
            throw error
        }
        await rivals.end()
        withExtendedLifetime(folder) {}
    }

    private func end() async {
        await stalled.close()
        await other.close()
    }
}

struct SessionTests {
    @Test func `deliveries of a process that was taken for dead come again, and what it says of them is not heard`() async throws {
        try await Rivals.use { rivals in
            let stalled = SQLiteBroker(rivals.stalled)
            let other = SQLiteBroker(rivals.other)
            try await stalled.declare("q", bindings: [pattern("t")])
            let first = try await stalled.subscribe(to: "q", prefetch: 2)
            try await stalled.publish([event("1"), event("2")])
            let held = try await first.take(2)
            let second = try await other.subscribe(to: "q", prefetch: 10)
            rivals.otherClock.advance(by: .seconds(3600))
            let again = try await second.take(2)
            #expect(again.map(\.id) == ["1", "2"])
            rivals.stalledClock.advance(by: .seconds(3600))
            held[0].acknowledge()
            held[1].giveBack()
            // A turn after that, and nothing has changed: the new holder has both.
            try await stalled.publish([event("3")])
            again[0].giveBack()
            again[1].giveBack()
            await first.cancel()
            var seen: [String] = []
            while seen.count < 3 {
                let delivery = try await second.one()
                seen.append(delivery.id)
                delivery.acknowledge()
            }
            #expect(Set(seen) == ["1", "2", "3"])
        }
    }

    /// The process that was taken for dead went on under its old session, which nobody would ever reap again: what it fetched
    /// between that moment and its next heartbeat was lost to all others when it ended before settling it.
    @Test func `what a process fetches after it was taken for dead is its own, and comes again when it vanishes`() async throws {
        try await Rivals.use { rivals in
            let stalled = SQLiteBroker(rivals.stalled)
            let other = SQLiteBroker(rivals.other)
            try await stalled.declare("q", bindings: [pattern("t")])
            let first = try await stalled.subscribe(to: "q", prefetch: 10)
            try await stalled.publish([event("1")])
            _ = try await first.one()
            let second = try await other.subscribe(to: "q", prefetch: 1)
            rivals.otherClock.advance(by: .seconds(3600))
            #expect(try await second.one().id == "1")
            rivals.stalledClock.advance(by: .seconds(3600))
            try await stalled.publish([event("2")])
            #expect(try await first.one().id == "2")
            await rivals.stalled.vanish()
            await second.cancel()
            let third = try await other.subscribe(to: "q", prefetch: 10)
            #expect(try await third.one().id == "2")
        }
    }

    @Test func `a process that was taken for dead keeps the claims that nobody took over`() async throws {
        try await Rivals.use { rivals in
            let stalled = SQLiteLedger(rivals.stalled)
            let other = SQLiteLedger(rivals.other)
            let broker = SQLiteBroker(rivals.stalled)
            try await broker.declare("q", bindings: [pattern("t")])
            let subscription = try await broker.subscribe(to: "q", prefetch: 1)
            try await broker.publish([event("held")])
            _ = try await subscription.one()
            let taken = try await stalled.claimed(key("taken"))
            let kept = try await stalled.claimed(key("kept"))
            rivals.otherClock.advance(by: .seconds(3600))
            #expect(try await other.takeOver(key("taken")) == .alone(crashes: 1))
            // When its delivery comes to the other one, its session has been ended.
            _ = try await SQLiteBroker(rivals.other).subscribe(to: "q", prefetch: 1).one()
            rivals.stalledClock.advance(by: .seconds(3600))
            let held = try [HeldClaim(key: key("taken"), fence: taken), HeldClaim(key: key("kept"), fence: kept)]
            // Whatever the process does next shows it that it has lost its session.
            #expect(try await stalled.lost(among: held) == [held[0]])
            #expect(try await other.claim(key("kept"), round: 1, generation: 0, alone: false).isBusy)
            #expect(try await stalled.mark(key("taken"), fence: taken, as: .done) == false)
            #expect(try await stalled.mark(key("kept"), fence: kept, as: .done))
        }
    }

    @Test func `a process does not take itself for dead, however late its heartbeat is`() async throws {
        let clock = ManualClock()
        try await SQLiteHarness.use(options: SQLiteFile.Options()) { harness in
            let ledger = SQLiteLedger(try await harness.file(clock: clock))
            let fence = try await ledger.claimed(key("1"))
            clock.advance(by: .seconds(3600))
            #expect(try await ledger.claim(key("1"), round: 1, generation: 0, alone: false).isBusy)
            #expect(try await ledger.mark(key("1"), fence: fence, as: .done))
        }
    }
}
