// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime

/// The publishing connections of a broker: one for what is small, open from `start` on, and one for what is large, opened when the first
/// of that comes. A large body takes a connection for as long as its bytes take, and who waits behind it waits that long.
struct Publishers: Sendable {
    private let small: Publisher
    private let large: Publisher

    /// From here on a body is large.
    static let largeBody = 256 << 10

    init(small: Publisher, large: Publisher) {
        self.small = small
        self.large = large
    }

    func publish(_ messages: [Message], journaled: [Event] = [], _ completion: @escaping Publication.Completion) {
        guard messages.contains(where: { $0.body.count >= Self.largeBody }) else {
            return small.publish(messages, journaled: journaled, completion)
        }
        large.start()
        large.publish(messages, journaled: journaled, completion)
    }

    func start() { small.start() }

    /// The one for large bodies has none as long as it was not needed.
    var ailment: String? { small.ailment ?? large.ailment }

    func watchOver() {
        small.watchOver()
        large.watchOver()
    }

    /// The broker is there, and takes no messages.
    var isBlocked: Bool { small.isBlocked }

    func close() async {
        async let first: Void = small.close()
        await large.close()
        await first
    }

    func cut() {
        small.cut()
        large.cut()
    }
}
