// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime

/// Looks again and again, from a Loop that nothing blocks, whether others are stuck or late: from `start` to `close`.
final class Overseer: Sendable {
    private let loop: Loop
    private let door: Door

    static let pace = Duration.milliseconds(100)

    init(_ loop: Loop) {
        self.loop = loop
        door = Door(loop)
    }

    func start(_ look: @escaping @Sendable () -> Void) {
        door.post { self.tick(look) }
    }

    func later(_ pause: Duration, _ body: @escaping @Sendable () -> Void) {
        door.post { _ = self.loop.schedule(after: pause) { body() } }
    }

    func close() async {
        await door.close {}
    }

    private func tick(_ look: @escaping @Sendable () -> Void) {
        look()
        _ = loop.schedule(after: Self.pace) { [weak self] in self?.tick(look) }
    }
}
