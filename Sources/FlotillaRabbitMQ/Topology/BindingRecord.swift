// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel

/// Remembers which types each worker's queue is bound to, in a small stream beside the queues: AMQP can't be asked for bindings, and
/// those that a new configuration no longer names must go.
///
/// A line is written before anything changes, with all that may be bound from then on, and another one when it has changed: whatever
/// ends in between, the next one knows what to take away. Each tells of every pattern since when it is bound; the first one can't yet.
struct BindingRecord {
    private let link: Link
    private let names: Names

    init(_ link: Link, _ names: Names) {
        self.link = link
        self.names = names
    }

    func bind(_ queue: String, to patterns: [TopicPattern], now: () -> Timestamp) throws {
        let wanted = Set(patterns.map(\.text))
        let record = try read()
        let found = record.found[queue] ?? [:]
        let known = Set(found.keys)
        let declaring = Declaring(link)
        let name = names.queue(queue)
        if known != wanted { try append(queue, known.union(wanted), since: { found[$0] ?? nil }) }
        for pattern in wanted.sorted() { try declaring.bind(name, to: names.events, key: pattern) }
        for pattern in known.subtracting(wanted).sorted() { try declaring.unbind(name, from: names.events, key: pattern) }
        // What stands too far back would be the first to go when the stream is cut.
        let isOld = record.count - (record.places[queue] ?? 0) > Self.oldAge
        guard known != wanted || isOld || found.values.contains(nil) else { return }
        let moment = now()
        try append(queue, wanted, since: { (found[$0] ?? nil) ?? moment })
    }

    private static let silence = LinkFailure.lost("the broker delivers nothing of the record of bindings")

    /// Lines behind it: each start of a worker leaves some, and the stream holds a hundred thousand of them.
    private static let oldAge = 5000

    /// What a reading has found.
    private struct Record {
        var found: [String: [String: Timestamp?]] = [:]
        /// Where the last line of each queue stands.
        var places: [String: Int] = [:]
        var count = 0

        mutating func take(_ item: StreamReading.Item) {
            count += 1
            let text = String(decoding: item.body, as: UTF8.self)
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            guard let queue = lines.first, lines.count > 1 else { return }
            // The times stand in the second line, in milliseconds; earlier versions left it empty.
            let times = lines[1].split(separator: " ").map { Int64($0).map { Timestamp(milliseconds: $0) } }
            var patterns: [String: Timestamp?] = [:]
            for (index, pattern) in lines.dropFirst(2).enumerated() {
                patterns.updateValue(times.indices.contains(index) ? times[index] : nil, forKey: pattern)
            }
            found[queue] = patterns
            places[queue] = count
        }
    }

    /// What each queue may be bound to, as far as it is known: for looking at it. Nothing is written for it, however often it is asked.
    func look() throws -> [String: [String: Timestamp?]] {
        let reading = StreamReading(link)
        guard let end = try reading.end(of: names.bindings) else { return [:] }
        var record = Record()
        guard
            try reading.read(
                names.bindings,
                { item in
                    record.take(item)
                    return item.offset < end
                })
        else { throw Self.silence }
        return record.found
    }

    /// What each queue may be bound to, for changing it. Ends at what was there when it began: a mark of its own says where that is.
    private func read() throws -> Record {
        let mark = "mark \(UInt64.random(in: 0...UInt64.max))"
        try write(mark)
        var record = Record()
        // The mark at least is there: a reading that finds nothing would have what is bound forgotten.
        guard
            try StreamReading(link).read(
                names.bindings,
                { item in
                    record.take(item)
                    return !item.body.elementsEqual(mark.utf8)
                })
        else { throw Self.silence }
        return record
    }

    /// Neither a queue's name nor a pattern holds a line break.
    private func append(_ queue: String, _ patterns: Set<String>, since: (String) -> Timestamp?) throws {
        let sorted = patterns.sorted()
        let times = sorted.map { since($0).map { String($0.milliseconds) } ?? "-" }
        try write(([queue, times.joined(separator: " ")] + sorted).joined(separator: "\n"))
    }

    private func write(_ line: String) throws {
        let content = Message.Content.foreign(contentType: nil, body: Array(line.utf8))
        try link.publish([Message(content, exchange: "", routingKey: names.bindings)], on: 3)
    }
}
