// SPDX-License-Identifier: Apache-2.0

internal import CRabbitMQ
internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime
internal import Glibc

/// One look through one queue of a park: everything in it is consumed, and held until the channels are closed; then it goes back to
/// its places. Lives on a connection of its own, as long as that, on its thread.
///
/// A channel holds at most 65,535 messages: for more there are more channels. They are filled one after the other, each larger than the
/// one before, and each is read to its end, so that nothing is on its way when something else is asked; a look for few letters that
/// stand in front ends early.
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

    private static let sizes: [UInt16] = [1000, 4000, 16_000, 60_000]
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
    /// - Returns: true when everything that was in the queue has been seen; false when that is not certain, because another one has
    ///   a part of it, or because `body` had enough.
    func look(_ body: (amqp_envelope_t, UInt16) throws -> Bool) throws -> Bool {
        let declaring = Declaring(link)
        guard let before = try declaring.look(at: name) else { throw BrokerFailure(.refused, "there is no queue \(name)") }
        guard before.ready > 0 else { return before.consumers == 0 }
        var seen = 0
        var goesOn = true
        while channels.count < Self.mostChannels {
            let size = Int(Self.sizes[min(channels.count, Self.sizes.count - 1)])
            let channel = try open(prefetch: UInt16(size))
            for _ in 0..<size {
                let first = before.consumers == 0 ? Link.answerSeconds * 1000 : Self.patience
                let limit = seen == 0 ? first : seen < before.ready ? Self.patience : Self.lag
                let came: Void? = try link.consume(on: channel, withinMilliseconds: limit) { envelope in
                    counts[channel] = envelope.delivery_tag
                    if goesOn { goesOn = try body(envelope, channel) }
                }
                seen += came == nil ? 0 : 1
                guard came == nil else { continue }
                // Silence: either this is all, or another one has the rest.
                let now = try declaring.look(at: name)
                if seen == 0, let now, now.ready > 0, now.consumers == 1 {
                    throw LinkFailure.lost("looking into \(name): the broker delivers nothing of it")
                }
                let isAlone = before.consumers == 0 && now?.consumers == channels.count
                return goesOn && isAlone && seen >= before.ready && now?.ready == 0
            }
            guard goesOn else { return false }
        }
        return false
    }

    private func open(prefetch: UInt16) throws -> UInt16 {
        let channel = link.freshChannel()
        channels.append(channel)
        try link.look(into: name, on: channel, prefetch: prefetch)
        return channel
    }

    /// Lets go of these, by their channels; everything else goes back, in its order. The next look must not come before it has.
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
        }
        channels = []
        let end = MonotonicClock.now &+ Self.returnLimit.inNanoseconds
        while let state = try declaring.look(at: name), state.ready < expected, MonotonicClock.now < end {
            usleep(2000)
        }
    }
}
