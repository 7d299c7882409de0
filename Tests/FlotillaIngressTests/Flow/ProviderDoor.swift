// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaModel
import FlotillaRuntime
import Synchronization

@testable import FlotillaIngress

/// An ingress with the one hook that a vector was signed for, at the vector's own time, and clocks that move when told.
final class ProviderDoor: Sendable {
    let publisher: FakePublisher
    let ingress: Ingress
    let provider: Provider
    /// The vector's request, as it comes to the hook.
    let request: Request
    private let loop: Loop
    private let ticks: Ticks

    private final class Ticks: Sendable {
        let count = Atomic<UInt64>(1)
    }

    /// Nil for a vector that no hook of a fixed path would get: its URL is another one.
    init?(_ line: [UInt8], _ manner: FakePublisher.Manner = .confirm, on loop: Loop) throws {
        let inspected = try InspectedRequest(line: line, defaultNow: seconds(0))
        guard inspected.request.head.path == "/hooks/door" else { return nil }
        let ticks = Ticks()
        let clock = ManualClock(inspected.now)
        self.ticks = ticks
        self.loop = loop
        publisher = FakePublisher(manner)
        provider = inspected.provider
        request = inspected.request
        ingress = Ingress(
            hooks: HookTable([try Hook(name: "door", provider: provider, settings: inspected.settings)]), publisher: publisher,
            deadlines: Deadlines(on: loop) { ticks.count.load(ordering: .sequentiallyConsistent) }, overdueLimit: 1 << 20, clock: clock,
            metrics: MetricsRegistry(), log: Logger(program: "test", level: .error, sink: CapturedLog(), clock: clock), version: "1.2.3")
    }

    var ticking: UInt64 { ticks.count.load(ordering: .sequentiallyConsistent) }

    func pass(_ duration: Duration) {
        ticks.count.add(duration.inNanoseconds, ordering: .sequentiallyConsistent)
    }

    func answer(_ request: Request) async -> Response {
        switch ingress.admit(request.head) {
        case .answer(let response): response
        case .proceed(let admitted): await ingress.respond(to: request, admitted: admitted)
        }
    }

    /// Doors for the valid vectors of a file which are events.
    static func all(of file: String, _ manner: FakePublisher.Manner = .confirm, on loop: Loop) async throws -> [ProviderDoor] {
        var doors: [ProviderDoor] = []
        for vector in try VectorTests.vectors(file) where vector.isValid && vector.expected["events"]?.array?.isEmpty == false {
            if let door = try ProviderDoor(vector.line, manner, on: loop) { doors.append(door) }
        }
        return doors
    }
}
