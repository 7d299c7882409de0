// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaModel
import FlotillaRuntime
import Synchronization
import Testing

@testable import FlotillaIngress

@Suite struct FloodGateTests {
    /// Nanoseconds that pass when told.
    private final class Ticks: Sendable {
        private let count = Atomic<UInt64>(1_000_000_000)
        var now: UInt64 { count.load(ordering: .sequentiallyConsistent) }
        func pass(_ duration: Duration) { count.add(duration.inNanoseconds, ordering: .sequentiallyConsistent) }
    }

    private let ticks = Ticks()
    private let gate: FloodGate

    init() throws {
        let ticks = ticks
        gate = FloodGate(try #require(Rate("60/m"))) { ticks.now }
    }

    private func address(_ text: String) throws -> NetworkAddress { try #require(NetworkAddress(text)) }

    private func spend(_ count: Int, _ text: String) throws {
        for _ in 0..<count { _ = gate.refused(try address(text)) }
    }

    @Test("a source that was refused as often as the rate allows has to wait, until one comes back")
    func closes() throws {
        let source = try address("192.0.2.1")
        for _ in 0..<60 {
            #expect(gate.wait(of: source) == nil)
            #expect(gate.refused(source) == nil)
        }
        #expect(gate.wait(of: source) == .seconds(1))
        #expect(gate.refused(source) == .seconds(1))
        ticks.pass(.seconds(1))
        #expect(gate.wait(of: source) == nil)
    }

    @Test("of what closed sources send, every sixteenth request may show that it is its provider's; that it was refused is told as before")
    func chance() throws {
        let source = try address("192.0.2.1")
        try spend(60, "192.0.2.1")
        let waits = (0..<160).map { _ in gate.wait(of: source) }
        #expect(waits.count { $0 == nil } == 10)
        #expect(gate.refused(source) == .seconds(1))
        gate.passed(source)
        #expect((0..<160).allSatisfy { _ in gate.wait(of: source) == nil })
    }

    @Test("what passes spends nothing, and lets its source through although others behind the same address spent all")
    func passes() throws {
        let source = try address("192.0.2.1")
        for _ in 0..<10_000 { gate.passed(source) }
        #expect(gate.refused(source) == nil)
        try spend(1000, "192.0.2.1")
        #expect(gate.wait(of: source) == nil)
        // Only what then fails is told to wait.
        #expect(gate.refused(source) != nil)
        ticks.pass(.seconds(24 * 3600))
        try spend(1000, "192.0.2.1")
        #expect(gate.wait(of: source) != nil)
    }

    @Test(
        "the addresses of one /64 are one source, and one IPv4 address is one",
        arguments: [
            ("2001:db8::1", "2001:db8::ffff:1", true), ("2001:db8::1", "2001:db8:0:1::1", false), ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
        ])
    func sources(_ first: String, _ second: String, _ isSame: Bool) throws {
        try spend(60, first)
        #expect((gate.wait(of: try address(second)) != nil) == isSame)
    }

    @Test(
        "who hops through a block closes the block, and leaves the next one alone",
        arguments: [("192.0.2.", "192.0.2.200", "192.0.3.1"), ("2001:db8:7:", "2001:db8:7:ff::1", "2001:db8:8::1")])
    func blocks(_ prefix: String, _ neighbour: String, _ stranger: String) throws {
        for index in 0..<16 { try spend(30, prefix.contains(":") ? "\(prefix)\(index)::1" : "\(prefix)\(index)") }
        #expect(gate.wait(of: try address(neighbour)) != nil)
        #expect(gate.wait(of: try address(stranger)) == nil)
        // A provider that was seen before is not shut out by its neighbours.
        gate.passed(try address(neighbour))
        #expect(gate.wait(of: try address(neighbour)) == nil)
    }

    /// Sequence: an attacker is closed out, then sends one request from each of many thousand other addresses, so that the table forgets him.
    @Test("a flood from very many sources makes nobody forgotten who owes more, and no known source either")
    func remembers() throws {
        let (attacker, provider) = (try address("198.51.100.7"), try address("203.0.113.9"))
        gate.passed(provider)
        try spend(60, "198.51.100.7")
        for index in 0..<60_000 {
            let source = try address("2001:db8:\(String(index & 0xFFFF, radix: 16)):\(String(index >> 16, radix: 16))::1")
            _ = gate.refused(source)
        }
        #expect(gate.wait(of: attacker) != nil)
        try spend(60, "203.0.113.9")
        #expect(gate.wait(of: provider) == nil)
    }
}
