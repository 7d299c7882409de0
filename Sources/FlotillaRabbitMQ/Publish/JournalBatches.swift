// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

/// Puts the events of a turn into journal messages, and tells each publication how many of these it stands in.
enum JournalBatches {
    /// What one message holds, unless a single event is larger.
    static let limit = 1_000_000

    static func make(_ publications: [Publication], now: Timestamp) -> [(JournalMessage, [Publication])] {
        var batches: [(JournalMessage, [Publication])] = []
        var events: [Event] = []
        var owners: [Publication] = []
        var size = 0
        func finish() {
            guard !events.isEmpty else { return }
            batches.append((JournalMessage(body: Event.json(batch: events), count: events.count, first: now, last: now), owners))
            events = []
            owners = []
            size = 0
        }
        for publication in publications {
            var messages = 0
            for event in publication.journaled {
                let more = mostBytes(of: event)
                if size + more > limit { finish() }
                if owners.last !== publication {
                    owners.append(publication)
                    messages += 1
                }
                events.append(event)
                size += more
            }
            publication.awaitJournal(of: messages)
        }
        finish()
        return batches
    }

    /// Roughly, and with data in Base64, which is the worst case.
    static func mostBytes(of event: Event) -> Int {
        let extensions = event.extensions.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + 6 }
        let texts = [event.id, event.source, event.type, event.subject ?? "", event.dataContentType ?? "", event.dataSchema ?? ""]
        return texts.reduce(200 + extensions + event.data.count * 4 / 3) { $0 + $1.utf8.count }
    }
}
