// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

/// One message on its way to the broker.
struct Message: Sendable {
    enum Content: Sendable {
        case event(Event)
        /// Bytes that are no event, kept as they came.
        case foreign(contentType: String?, body: [UInt8])
        case journal(JournalMessage)
    }

    let content: Content
    let exchange: String
    let routingKey: String
    var passage = Passage()
    /// When the fleet took it in; in whole seconds on the wire.
    var accepted: Timestamp?
    /// Through the headers exchange, into this rung.
    var rung: Int?
    var notBefore: Timestamp?
    var keptAt: Timestamp?

    init(_ content: Content, exchange: String, routingKey: String) {
        self.content = content
        self.exchange = exchange
        self.routingKey = routingKey
    }

    var body: [UInt8] {
        switch content {
        case .event(let event): event.data
        case .foreign(_, let body): body
        case .journal(let entry): entry.body
        }
    }
}

/// The events of one turn, as the journal keeps them.
struct JournalMessage: Sendable {
    let body: [UInt8]
    let count: Int
    let first: Timestamp
    let last: Timestamp
}
