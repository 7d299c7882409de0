// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import FlotillaRabbitMQ

struct ConnectionMachineTests {
    typealias Machine = ConnectionMachine

    /// What has happened so far, what happens next, and what is done about it.
    static let table: [([Machine.Happening], Machine.Happening, [Machine.Action])] = [
        ([], .start, [.connect(host: 0)]),
        ([.start], .connected, [.resume]),
        ([.start], .failed("no"), [.wait(.milliseconds(100))]),
        ([.start, .failed("no")], .waited, [.connect(host: 1)]),
        ([.start, .failed("no"), .waited, .failed("no")], .waited, [.connect(host: 0)]),
        ([.start, .connected], .failed("gone"), [.tearDown(why: "gone"), .wait(.milliseconds(100))]),
        ([.start, .connected], .blocked("memory"), []),
        ([.start, .connected, .blocked("memory")], .unblocked, [.resume]),
        ([.start, .connected, .blocked("memory")], .failed("gone"), [.tearDown(why: "gone"), .wait(.milliseconds(100))]),
        ([.start, .connected, .failed("gone")], .failed("again"), []),
        ([.start, .connected], .waited, []),
        ([.start, .connected], .unblocked, []),
        ([.start, .connected], .close, [.tearDown(why: "it was closed")]),
        ([.start, .failed("no"), .close], .waited, []),
        ([.start, .connected, .close], .start, []),
    ]

    @Test(arguments: table)
    func `what happens decides what is done next`(
        _ before: [Machine.Happening], _ happening: Machine.Happening, _ actions: [Machine.Action]
    ) {
        var machine = Machine(hosts: 2)
        for earlier in before { _ = machine.handle(earlier, chance: 0) }
        let answer = machine.handle(happening, chance: 0)
        #expect(answer == actions)
    }

    @Test func `pauses grow once every host has been tried, up to a limit, and end with a connection`() {
        var machine = Machine(hosts: 2)
        _ = machine.handle(.start, chance: 0)
        func pauseAfterFailure() -> Duration? {
            guard case .wait(let pause)? = machine.handle(.failed("no"), chance: 0).last else { return nil }
            _ = machine.handle(.waited, chance: 0)
            return pause
        }
        let pauses = (0..<16).map { _ in pauseAfterFailure() }
        #expect(pauses.prefix(6) == [100, 100, 200, 200, 400, 400].map { Duration.milliseconds($0) }[...])
        #expect(pauses.last == .milliseconds(2500))
        _ = machine.handle(.connected, chance: 0)
        let first = pauseAfterFailure()
        #expect(first == .milliseconds(100))
    }

    @Test(arguments: [0.0, 0.3, 0.999])
    func `jitter keeps a pause between half of its ceiling and the whole`(_ chance: Double) {
        var machine = Machine(hosts: 1)
        _ = machine.handle(.start, chance: 0)
        guard case .wait(let pause)? = machine.handle(.failed("no"), chance: chance).first else { return #expect(Bool(false)) }
        #expect(pause >= Machine.firstPause / 2 && pause < Machine.firstPause)
    }

    @Test func `only an open connection that is not blocked has nothing to complain of`() {
        var machine = Machine(hosts: 1)
        #expect(machine.ailment != nil)
        _ = machine.handle(.start, chance: 0)
        #expect(machine.ailment != nil)
        _ = machine.handle(.connected, chance: 0)
        #expect(machine.ailment == nil)
        _ = machine.handle(.blocked("low on memory"), chance: 0)
        #expect(machine.ailment == "the broker takes no messages: low on memory")
        _ = machine.handle(.failed("reset"), chance: 0)
        #expect(machine.ailment == "the broker is away: reset")
    }
}
