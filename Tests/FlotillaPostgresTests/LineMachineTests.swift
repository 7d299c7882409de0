// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import FlotillaPostgres

struct LineMachineTests {
    typealias Machine = LineMachine

    /// What has happened so far, what happens next, and what is done about it.
    static let table: [([Machine.Happening], Machine.Happening, [Machine.Action])] = [
        ([], .start, [.connect(host: 0)]),
        ([.start], .start, []),
        ([.start], .connected, [.resume]),
        ([.start], .failed("no"), [.tearDown(why: "no"), .wait(.milliseconds(100))]),
        ([.start, .failed("no")], .waited, [.connect(host: 1)]),
        ([.start, .failed("no"), .waited, .failed("no")], .waited, [.connect(host: 0)]),
        ([.start, .connected], .failed("gone"), [.tearDown(why: "gone"), .wait(.milliseconds(100))]),
        ([.start, .connected, .failed("gone")], .failed("again"), []),
        ([.start, .connected, .failed("gone")], .connected, []),
        ([.start, .connected], .waited, []),
        ([.start, .connected], .close, [.tearDown(why: "the connection to the database is closed")]),
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
        #expect(pauseAfterFailure() == .milliseconds(100))
    }

    @Test func `why there is no connection is known from the first failure until there is one again`() {
        var machine = Machine(hosts: 1)
        #expect(machine.ailment == nil)
        for happening: Machine.Happening in [.start, .failed("no")] { _ = machine.handle(happening, chance: 0.5) }
        #expect(machine.ailment == "no")
        _ = machine.handle(.waited, chance: 0.5)
        #expect(machine.ailment == "no" && !machine.isOpen)
        _ = machine.handle(.connected, chance: 0.5)
        #expect(machine.ailment == nil && machine.isOpen)
    }

    @Test func `whoever waits is told when every host has failed, and a new one begins anywhere`() {
        var machine = Machine(hosts: 3)
        #expect(machine.handle(.start, chance: 0.99) == [.connect(host: 2)])
        for ailment in [nil, nil, "no"] {
            _ = machine.handle(.failed("no"), chance: 0)
            #expect(machine.ailment == ailment)
            _ = machine.handle(.waited, chance: 0)
        }
    }

    @Test(
        arguments: [
            (
                "connection to server at \"db\" (10.0.0.1), port 5432 failed: FATAL:  28P01\n",
                "the database refuses the user or the password"
            ),
            (
                "connection to server at \"db\", port 5432 failed: Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?\n",
                "Connection refused"
            ),
            ("connection to server at \"db\", port 5432 failed: FATAL:  99XYZ", "the database refuses the connection (99XYZ)"),
            (
                "connection to server at \"db\", port 5432 failed: SSL error: certificate verify failed\n",
                "SSL error: certificate verify failed"
            ), ("", "the connection ended"),
        ])
    func `of what libpq says only the reason is shown`(_ text: String, _ words: String) {
        #expect(Link.words(text) == words)
    }
}
