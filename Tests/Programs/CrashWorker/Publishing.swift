// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime
internal import Glibc

/// Publishes events one by one, several at once, each with the time of its publication as its data; an id is written down when
/// its publication is confirmed, and not before.
struct Publishing: Sendable {
    let name: String
    let count: Int
    let lanes: Int
    let pause: Duration
    let type: String
    let confirmed: LineFile

    init(_ orders: Orders) {
        name = orders.text("name", or: "event")
        count = orders.number("publish", or: 0)
        lanes = orders.number("lanes", or: 1)
        pause = .milliseconds(orders.number("pause-ms", or: 0))
        type = orders.queue + ".event"
        confirmed = LineFile(orders.text("confirmed", or: "/dev/null"))
    }

    func run(to broker: any Broker, sleeper: any Sleeper) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<lanes {
                group.addTask {
                    for number in stride(from: lane, to: count, by: lanes) {
                        let id = "\(name)-\(number)"
                        let event = try Event(id: id, source: "/test", type: type, data: Array(String(RealTime.now).utf8))
                        try await broker.publish([event])
                        confirmed.append(id)
                        if pause > .zero { try await sleeper.sleep(for: pause) }
                    }
                }
            }
            try await group.waitForAll()
        }
        LineFile(standing: STDOUT_FILENO).append("published")
    }
}
