// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
package import FlotillaModel

/// What an audit has found.
package struct AuditReport: Sendable, Equatable {
    /// What became of the events that were meant for one consumer.
    package struct Line: Sendable, Equatable {
        package let name: String
        /// Different ones, by source and id.
        package var events = 0
        /// Entries beyond the first of an event: its sender sent it again.
        package var duplicates = 0
        package var states: [LedgerState: Int] = [:]
        /// Not at an end, and something is still on its way.
        package var pending = 0
        /// Not at an end, and nothing is on its way.
        package var missing = 0
        /// Not at an end, and it can't be known whether anything is on its way.
        package var unknown = 0

        package init(name: String) {
            self.name = name
        }

        mutating func count(_ open: Int, on standing: QueueStanding) {
            switch standing {
            case .busy: pending += open
            case .empty: missing += open
            case .unknown: unknown += open
            }
        }
    }

    package enum Verdict: Sendable, Equatable {
        case whole
        /// Something is missing, or can't be read.
        case wanting
        case unknown
    }

    package var consumers: [Line] = []
    /// Events that no consumer was bound to.
    package var unrouted = Line(name: QueueNames.unrouted)
    /// Of those, what is kept in `unrouted`, and what a consumer has heard of all the same: it was replayed, or its binding was changed.
    package var kept = 0
    package var elsewhere = 0
    /// Entries in the window.
    package var entries = 0
    package var unreadable = 0
    /// When the window begins: the oldest entry of the journal where nothing else was asked for.
    package var since: Timestamp?

    package var lines: [Line] { consumers + [unrouted] }

    package var verdict: Verdict {
        if unreadable > 0 || lines.contains(where: { $0.missing > 0 }) { return .wanting }
        return lines.contains { $0.unknown > 0 } ? .unknown : .whole
    }
}

/// An event that was accepted, is at no end, and is nowhere on its way.
package struct MissingEvent: Sendable, Equatable {
    package let consumer: String
    package let id: String
    package let source: String
    package let type: String
    package let accepted: Timestamp

    init(_ entry: JournalEntry, consumer: String) {
        self.consumer = consumer
        id = entry.event.id
        source = entry.event.source
        type = entry.event.type
        accepted = entry.accepted
    }
}

extension LedgerState {
    /// Nothing more becomes of it by itself.
    package var isTerminal: Bool {
        switch self {
        case .done, .dead, .parked, .discarded: true
        case .free, .claimed, .retrying: false
        }
    }
}
