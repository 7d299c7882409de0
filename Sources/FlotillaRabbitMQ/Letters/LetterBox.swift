// SPDX-License-Identifier: Apache-2.0

internal import CRabbitMQ
internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime

/// A queue that is kept for people, looked through over AMQP: everything in it is consumed, and goes back to its place when the channel is
/// closed. What leaves for good is acknowledged one by one, after the copy of it is confirmed.
///
/// While one looks, another sees only what the first has not got yet: each sees letters, and neither loses any.
struct LetterBox {
    private let link: Link
    private let queue: String
    /// On the broker.
    private let name: String
    private let channel: UInt16
    /// Then what stands behind a letter is told by its time: the letter itself may be in another queue.
    private let isOneOfMany: Bool

    /// As many as a channel may hold: of a longer queue its oldest.
    static let reach = 60_000
    private static let patience: Int32 = 5000

    /// - Parameter place: the one of several queues that are one to whoever looks; the queue itself without it.
    init(_ link: Link, _ queue: String, _ names: Names, place: String? = nil) {
        self.link = link
        self.queue = queue
        name = names.queue(place ?? queue)
        isOneOfMany = place != nil
        channel = link.freshChannel()
    }

    /// In the order of the queue, as far as they fit. Whoever asks for what stands behind a letter that has left gets everything that is not
    /// older than it.
    func letters(matching filter: LetterFilter, limit: Int) throws -> (letters: [Letter], isCut: Bool) {
        var last: [String: UInt64] = [:]
        var found: [(letter: Letter, identity: String?, number: UInt64)] = []
        // Some of them may turn out to be older copies.
        let most = limit > Int.max / 2 ? limit : limit + 500
        var bytes = 0
        var isCut = false
        func add(_ letter: Letter, _ number: UInt64) {
            guard found.count < most, !isCut else { return }
            isCut = bytes > 0 && bytes + letter.size > LetterBatch.bytes
            guard !isCut else { return }
            bytes += letter.size
            found.append((letter, letter.identity, number))
        }
        try look { message, number in
            let letter = message.letter
            if let identity = letter.identity { last[identity] = number }
            if isOneOfMany {
                if filter.after.map({ letter.place > $0 }) ?? true, filter.matches(letter) { add(letter, number) }
            } else if let after = filter.after, after.tag == letter.tag {
                found.removeAll()
                (bytes, isCut) = (0, false)
            } else if letter.kept >= filter.after?.kept ?? letter.kept, filter.matches(letter) {
                add(letter, number)
            }
        }
        let newest = found.filter { entry in entry.identity.map { last[$0] == entry.number } ?? true }
        // An empty page would say that there is nothing more.
        let page = newest.isEmpty && isCut ? found : newest
        return (page.prefix(limit).map(\.letter), isCut)
    }

    /// Makes a copy of each by `copies`, and lets those go of which there is one. Older letters of the same event go along.
    func take(_ letters: [Letter], copies: (KeptMessage) -> [Message]?) throws -> Int {
        let wanted = Set(letters.map(\.tag))
        let identities = Set(letters.compactMap(\.identity))
        var leaving: Set<UInt64> = []
        var taken: [String: UInt64] = [:]
        var others: [(identity: String, number: UInt64)] = []
        var messages: [Message] = []
        try look { message, number in
            if wanted.contains(message.letter.tag), let made = copies(message) {
                messages += made
                leaving.insert(number)
                if let identity = message.letter.identity { taken[identity] = number }
            } else if let identity = message.letter.identity, identities.contains(identity) {
                others.append((identity, number))
            }
        } finally: { count in
            try link.publish(messages, on: 3)
            let older = others.filter { $0.number < taken[$0.identity] ?? 0 }.map(\.number)
            let gone = leaving.sorted() + older
            try link.lookNoMore(on: channel)
            try link.letGo(gone, of: count, on: channel, from: name)
            return gone.count
        }
        return leaving.count
    }

    /// Everything that is ready now, in its order. `finally` runs while all of it is still held, with the number of the last one.
    private func look(_ body: (KeptMessage, UInt64) throws -> Void, finally: (UInt64) throws -> Int = { _ in 0 }) throws {
        guard let state = try Declaring(link).look(at: name) else { throw BrokerFailure(.refused, "there is no queue \(name)") }
        guard state.ready > 0 else { return }
        try link.look(into: name, on: channel, prefetch: UInt16.max)
        var last: UInt64 = 0
        func visit(_ envelope: amqp_envelope_t) throws {
            last = envelope.delivery_tag
            try body(KeptMessage(envelope, in: queue), last)
        }
        for number in 0..<min(state.ready, Self.reach) {
            let limit = number == 0 ? Link.answerSeconds * 1000 : Self.patience
            if try link.consume(on: channel, withinMilliseconds: limit, visit) != nil { continue }
            // Another one has got the rest in the meantime.
            if try number > 0 || (Declaring(link).look(at: name)?.ready ?? 0) == 0 { break }
            throw LinkFailure.lost("looking into \(queue): the broker delivers nothing of it")
        }
        let gone = try finally(last)
        try link.closeChannel(channel)
        // The next look must not come before.
        try Declaring(link).await(ready: state.ready - gone, in: name, within: .seconds(2))
    }
}
