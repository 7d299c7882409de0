// SPDX-License-Identifier: Apache-2.0

internal import Testing

@testable internal import FlotillaRuntime

/// Ingress (0), then two workers (1, 2), then the broker (3).
@Suite struct DrainPlanTests {
    private struct Broken: Error {}

    private func play(_ happenings: [DrainPlan.Happening]) -> ([[DrainPlan.Action]], String) {
        var plan = DrainPlan(stages: [["ingress"], ["sync", "email"], ["broker"]])
        let actions = happenings.map { plan.take($0) }
        return (actions, "\(plan.ending)")
    }

    private static let orderly: [DrainPlan.Happening] = [
        .signal(.terminate), .asked(0), .ended(0, nil), .asked(2), .ended(1, nil), .ended(2, nil), .asked(1), .ended(3, nil), .asked(3),
    ]

    @Test("A signal drains stage after stage, and the next begins when the one before holds nothing more")
    func orderly() {
        let (actions, ending) = play(Self.orderly)
        #expect(
            actions == [[.startDeadline, .drain(0)], [], [.drain(1), .drain(2)], [], [], [], [.drain(3)], [], [.finish]])
        #expect(ending == "drained")
    }

    @Test("SIGHUP asks for a reload, but not of a process that is going")
    func hangup() {
        let (actions, _) = play([.signal(.hangup), .signal(.hangup), .signal(.interrupt), .signal(.hangup)])
        #expect(actions == [[.reload], [.reload], [.startDeadline, .drain(0)], []])
    }

    @Test("Past the deadline all is cancelled, and those that do not end even then are left behind")
    func deadline() {
        let (actions, ending) = play([.signal(.terminate), .deadline, .ended(0, CancellationError()), .overdue])
        #expect(actions == [[.startDeadline, .drain(0)], [.cancelAll, .startOverdue], [], [.abandon]])
        #expect(ending == "deadline")
    }

    @Test("A second signal stops at once, also after the deadline")
    func second() {
        let (actions, ending) = play([.signal(.terminate), .signal(.interrupt), .deadline])
        #expect(actions == [[.startDeadline, .drain(0)], [.cancelAll, .abandon], []])
        #expect(ending.hasPrefix("secondSignal"))
        let (late, reason) = play([.signal(.terminate), .deadline, .signal(.terminate)])
        #expect(late.last == [.abandon])
        #expect(reason == "deadline")
    }

    @Test("A failure drains the others, and stays the reason whatever follows")
    func failure() {
        let (actions, ending) = play([.ended(3, Broken()), .asked(0), .ended(0, nil), .deadline])
        #expect(actions == [[.startDeadline, .drain(0)], [], [.drain(1), .drain(2)], [.cancelAll, .startOverdue]])
        #expect(ending.contains("failed") && ending.contains("broker"))
        // A person who then presses Ctrl-C twice need not wait.
        let (stops, _) = play([.ended(0, Broken()), .signal(.interrupt), .signal(.interrupt)])
        #expect(stops == [[.startDeadline, .drain(1), .drain(2)], [], [.cancelAll, .abandon]])
    }

    @Test("A service that ends unasked lets the others finish")
    func unasked() {
        let (actions, ending) = play([.ended(0, nil), .ended(1, nil), .asked(1), .ended(2, nil), .asked(2), .ended(3, nil), .asked(3)])
        #expect(actions == [[.startDeadline, .drain(1), .drain(2)], [], [], [], [.drain(3)], [], [.finish]])
        #expect(ending == "drained")
    }

    @Test("A service that ended before its stage is not asked, and the last one's end finishes the group")
    func gone() {
        let (actions, _) = play([.ended(3, nil), .ended(1, nil), .ended(2, nil), .ended(0, nil), .asked(0)])
        #expect(actions == [[.startDeadline, .drain(0)], [], [], [], [.finish]])
        var single = DrainPlan(stages: [["only"]])
        #expect(single.take(.ended(0, nil)) == [.finish])
    }
}
