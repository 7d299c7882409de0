// SPDX-License-Identifier: Apache-2.0

internal import CRabbitMQ
internal import FlotillaEngine
internal import FlotillaModel

/// The letters of one connection, in the hands of this process: found by `look`, moved or let go by `settle`, back in their places when
/// the connection to the broker is closed. Whatever fails in between leaves them there.
///
/// Sendable because only the thread of the link's loop touches it.
final class ParkBox: @unchecked Sendable {
    private struct Held {
        let message: KeptMessage
        let scan: ParkScan
        let channel: UInt16
        let number: UInt64
    }

    let link: Link
    private let names: Names
    private let queue: String
    private let connection: String?
    private var scans: [ParkScan] = []
    private var held: [Held] = []
    private(set) var isAll = true

    /// Bodies in hand at once, at most.
    private static let byteLimit = 16 << 20

    /// - Parameter queue: the worker's.
    init(_ link: Link, _ queue: String, of connection: String?, _ names: Names) {
        self.link = link
        self.queue = queue
        self.connection = connection
        self.names = names
    }

    var letters: [Letter] { held.map(\.message.letter) }

    func look(limit: Int, passing: Set<Int64>) throws {
        var bytes = 0
        for place in names.parkPlaces.places(in: queue, of: connection) {
            guard held.count < limit, bytes < Self.byteLimit else { return isAll = false }
            let scan = ParkScan(link, place, names)
            scans.append(scan)
            let seenAll = try scan.look(atMost: limit - held.count) { envelope, channel in
                guard Self.connection(of: envelope) == connection else { return .passed }
                let message = KeptMessage(envelope, in: QueueNames.parked(queue))
                guard !passing.contains(message.letter.tag) else { return .passed }
                held.append(Held(message: message, scan: scan, channel: channel, number: envelope.delivery_tag))
                bytes += envelope.message.body.len
                return held.count < limit && bytes < Self.byteLimit ? .wanted : .enough
            }
            isAll = isAll && seenAll
        }
    }

    /// In the order of `letters`. Confirmed where they go to before they leave.
    func settle(_ verdicts: [ParkVerdict], now: Timestamp) throws -> ResumedPart {
        var part = ResumedPart()
        part.isAll = isAll
        var leaving: [Held] = []
        var copies: [Message] = []
        for (entry, verdict) in zip(held, verdicts) {
            let letter = entry.message.letter
            switch verdict {
            case .stay:
                part.stayed.insert(letter.tag)
                continue
            case .resume:
                var copy = Message(entry.message.content, exchange: names.queues, routingKey: names.queue(queue))
                copy.passage = letter.resumed(at: now)
                copy.accepted = letter.accepted
                copies.append(copy)
                part.resumed += 1
            case .drop:
                part.dropped += 1
            }
            leaving.append(entry)
        }
        try link.publish(copies, on: 3)
        for scan in scans {
            let own = leaving.filter { $0.scan === scan }
            try scan.close(lettingGo: Dictionary(grouping: own, by: \.channel).mapValues { $0.map(\.number) })
        }
        scans = []
        return part
    }

    func close() throws {
        for scan in scans { try scan.close() }
        scans = []
    }

    /// Read by itself: of most messages nothing else is wanted.
    private static func connection(of envelope: amqp_envelope_t) -> String? {
        ConnectionName.plain(HeaderTable(envelope.message.properties).value(of: HeaderNames.connection).flatMap(HeaderTable.text))
    }
}
