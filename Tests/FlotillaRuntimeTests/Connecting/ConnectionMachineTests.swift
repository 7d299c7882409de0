// SPDX-License-Identifier: Apache-2.0

import FlotillaRuntime
import Testing

struct ConnectionMachineTests {
    typealias Machine = ConnectionMachine

    /// What has happened so far, what happens next, and what is done about it.
    static let table: [([Machine.Happening], Machine.Happening, [Machine.Action])] = [
        ([], .start, [.connect(host: 0)]),
        ([.start], .start, []),
        ([.start], .connected, [.resume]),
        ([.start], .failed("no"), [.tearDown(why: "no"), .wait(.milliseconds(100))]),
        ([.start, .failed("no")], .waited, [.connect(host: 1)]),
        ([.start, .failed("no"), .waited, .failed("no")], .waited, [.connect(host: 0)]),
        ([.start, .connected], .failed("gone"), [.tearDown(why: "gone"), .wait(.milliseconds(100))]),
        ([.start, .connected, .failed("gone")], .waited, [.connect(host: 1)]),
        ([.start, .connected, .failed("gone"), .waited, .connected, .failed("gone")], .waited, [.connect(host: 0)]),
        ([.start, .connected, .failed("gone")], .failed("again"), []),
        ([.start, .connected, .failed("gone")], .connected, []),
        ([.start, .connected], .blocked("memory"), []),
        ([.start, .connected, .blocked("memory")], .unblocked, [.resume]),
        ([.start, .connected, .blocked("memory")], .failed("gone"), [.tearDown(why: "gone"), .wait(.milliseconds(100))]),
        ([.start, .connected], .unblocked, []),
        ([.start, .connected], .waited, []),
        ([.start, .connected], .close("over"), [.tearDown(why: "over")]),
        ([.start, .failed("no"), .close("over")], .waited, []),
        ([.start, .connected, .close("over")], .start, []),
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
        guard case .wait(let pause)? = machine.handle(.failed("no"), chance: chance).last else { return #expect(Bool(false)) }
        #expect(pause >= Machine.firstPause / 2 && pause < Machine.firstPause)
    }

    @Test(arguments: [(0.0, 0), (0.34, 1), (0.999, 2)])
    func `a new one begins anywhere`(_ chance: Double, _ host: Int) {
        var machine = Machine(hosts: 3)
        #expect(machine.handle(.start, chance: chance) == [.connect(host: host)])
    }

    @Test func `why there is no connection is known from the first failure until there is one again`() {
        var machine = Machine(hosts: 1)
        #expect(machine.failure == nil && !machine.isAway)
        for happening: Machine.Happening in [.start, .failed("no")] { _ = machine.handle(happening, chance: 0.5) }
        #expect(machine.failure == "no" && machine.isAway)
        _ = machine.handle(.waited, chance: 0.5)
        #expect(machine.failure == "no" && machine.isAway && !machine.isOpen)
        _ = machine.handle(.connected, chance: 0.5)
        #expect(machine.failure == nil && !machine.isAway && machine.isOpen)
        _ = machine.handle(.close("over"), chance: 0.5)
        #expect(machine.failure == "over" && machine.isAway)
    }

    @Test func `it is away when every host has failed`() {
        var machine = Machine(hosts: 3)
        _ = machine.handle(.start, chance: 0)
        for isAway in [false, false, true] {
            _ = machine.handle(.failed("no"), chance: 0)
            #expect(machine.isAway == isAway)
            _ = machine.handle(.waited, chance: 0)
        }
    }
}
