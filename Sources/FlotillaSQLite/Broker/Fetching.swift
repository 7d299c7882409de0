// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

/// What one subscription fetched in one turn; handed out after the commit.
struct Catch {
    let subscription: SQLiteSubscription
    let deliveries: [Delivery]
}

enum Fetching {
    /// Takes as many as the subscription has room for, oldest first, and makes this session their holder.
    static func fetch(for subscription: SQLiteSubscription, in turn: Turn) throws -> Catch? {
        let room = subscription.room
        guard room > 0, turn.stirred.contains(subscription.queueID) else { return nil }
        let hold = SQLiteHold(subscription: subscription, holder: turn.session)
        let fetch = turn.statements.fetch
        fetch.bind(1, subscription.queueID)
        fetch.bind(2, room)
        var last: Int64 = 0
        var bytes = subscription.roomInBytes
        var deliveries: [Delivery] = []
        defer { fetch.reset() }
        while bytes > 0, try fetch.step() {
            last = fetch.integer(0)
            let delivery = Delivery(
                queue: subscription.queue, content: EventRow.read(fetch, from: 4),
                passage: PassageText.decode(fetch.text(3), attempt: fetch.integer(1), generation: fetch.integer(2)),
                accepted: fetch.optionalInteger(5).map { Timestamp(milliseconds: $0) }, tag: last, source: hold)
            bytes -= delivery.size
            deliveries.append(delivery)
        }
        fetch.reset()
        if deliveries.count < room, bytes > 0 { turn.stirred.remove(subscription.queueID) }
        guard !deliveries.isEmpty else { return nil }
        let take = turn.statements.hold
        take.bind(1, subscription.queueID)
        take.bind(2, last)
        take.bind(3, turn.session)
        try take.run()
        return Catch(subscription: subscription, deliveries: deliveries)
    }
}
