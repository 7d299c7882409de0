// SPDX-License-Identifier: Apache-2.0

internal import CRabbitMQ
internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime

/// One look through one queue of a park: everything in it is consumed, and held until the channels are closed; then it goes back to
/// its places. Lives on a connection of its own, as long as that, on its thread.
///
/// A channel holds at most 65,535 messages: for more there are more channels. They are filled one after the other, each larger than the
/// one before, and each is read to its end, so that nothing is on its way when something else is asked; a look for few letters that
/// stand in front ends early.
///
/// A quorum queue hands out first what came back to it, in the order in which it came back, and then what nobody has had yet. So what is
/// given back is in its place again when nothing that came back before was left unread: a look that has passed over letters does not
/// end among such. In a queue that is too long for that, what it has passed over goes behind them.
///
/// Of a queue whose leader does not answer within a quarter of a second the broker says that it has nothing and no consumer. So a queue is
/// empty when it says so and counts the one who looks: events that wait for a consent would be forgotten otherwise.
///
/// Each look counts as a delivery of what it has seen, and there may be a million of them: a park is looked through only when a
/// connection in it has been authorised, or a person asks.
final class ParkScan {
    private let link: Link
    private let queue: String
    private let name: String
    private var channels: [UInt16] = []
    /// The last number that came over each of them.
    private var counts: [UInt16: UInt64] = [:]

    /// What is thought of one message.
    enum Thought {
        case passed, wanted
        /// It is wanted, and nothing after it.
        case enough
    }

    private static let sizes: [UInt16] = [1000, 4000, 16_000, 60_000]
    /// Ready messages of a queue in which order is worth reading on for.
    private static let orderLimit = 100_000
    private static let mostChannels = 64
    private static let patience: Int32 = 3000
    /// How long something may be on its way that the broker counts as delivered.
    private static let lag: Int32 = 20
    private static let returnLimit = Duration.seconds(15)

    /// - Parameter queue: as it is named in this process.
    init(_ link: Link, _ queue: String, _ names: Names) {
        self.link = link
        self.queue = queue
        name = names.queue(queue)
    }

    /// Calls `body` with every message that is ready, and with its channel, until it has had enough.
    /// - Parameter most: more are not wanted.
    /// - Returns: true when everything that was in the queue has been seen; false when that is not certain, because another one has
    ///   a part of it, or because `body` had enough.
    func look(atMost most: Int = .max, _ body: (amqp_envelope_t, UInt16) throws -> Thought) throws -> Bool {
        let declaring = Declaring(link)
        guard let before = try declaring.look(at: name) else { throw BrokerFailure(.refused, "there is no queue \(name)") }
        guard before.ready > 0 || before.consumers == 0 else { return false }
        var seen = 0
        var goesOn = true
        var hasPassed = false
        var cameBack = false
        while channels.count < Self.mostChannels {
            var size = Int(Self.sizes[min(channels.count, Self.sizes.count - 1)])
            // As long as all in front is wanted, nothing has to be given back.
            if !hasPassed { size = max(1, min(size, most - seen)) }
            let channel = try open(prefetch: UInt16(size))
            for _ in 0..<size {
                let first = before.consumers == 0 ? Link.answerSeconds * 1000 : Self.patience
                let limit = seen >= before.ready ? Self.lag : seen == 0 ? first : Self.patience
                let came: Void? = try link.consume(on: channel, withinMilliseconds: limit) { envelope in
                    counts[channel] = envelope.delivery_tag
                    cameBack = envelope.redelivered != 0
                    guard goesOn else { return hasPassed = true }
                    switch try body(envelope, channel) {
                    case .passed: hasPassed = true
                    case .wanted: break
                    case .enough: goesOn = false
                    }
                }
                seen += came == nil ? 0 : 1
                guard came == nil else { continue }
                // Silence: either this is all, or another one has the rest.
                let now = try declaring.look(at: name)
                if seen == 0, before.ready > 0, let now, now.ready > 0, now.consumers == 1 {
                    throw LinkFailure.lost("looking into \(name): the broker delivers nothing of it")
                }
                let isAlone = before.consumers == 0 && now?.consumers == channels.count
                return goesOn && isAlone && seen >= before.ready && now?.ready == 0
            }
            guard goesOn || hasPassed && cameBack && before.ready <= Self.orderLimit else { return false }
        }
        return false
    }

    private func open(prefetch: UInt16) throws -> UInt16 {
        let channel = link.freshChannel()
        channels.append(channel)
        try link.look(into: name, on: channel, prefetch: prefetch)
        return channel
    }

    /// Lets go of these, by their channels; everything else goes back, in its order: what comes back is put behind what came back before,
    /// and the broker does it some time after a channel is closed. So one channel follows another only when what that one held is there
    /// again, and the next look comes after the last.
    func close(lettingGo numbers: [UInt16: [UInt64]] = [:]) throws {
        guard !channels.isEmpty else { return }
        // First on all of them: what one gives back would come over another one.
        for channel in channels { try link.lookNoMore(on: channel) }
        let declaring = Declaring(link)
        var expected = try declaring.look(at: name)?.ready ?? 0
        for channel in channels {
            let count = counts[channel] ?? 0
            let gone = numbers[channel] ?? []
            try link.letGo(gone, of: count, on: channel, from: name)
            try link.closeChannel(channel)
            expected += Int(count) - gone.count
            try declaring.await(ready: expected, in: name, within: Self.returnLimit)
        }
        channels = []
    }
}
