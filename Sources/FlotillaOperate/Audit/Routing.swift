// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

/// Whom an event was meant for: the consumers whose queue was bound to its type when it was accepted. Made for one audit from the bindings
/// of its beginning.
struct Routing {
    /// Every worker's queue that is bound to anything, in the order of their names.
    let queues: [String]
    private let bindings: [(queue: Int, binding: QueueBinding)]
    /// For a type: each queue, and since when; nil is always. Types come from outside: what is remembered is bounded.
    private var remembered: [String: [(queue: Int, since: Timestamp?)]] = [:]
    private static let limit = 4096

    init(_ bindings: [QueueBinding]) {
        let queues = Set(bindings.map(\.queue)).sorted()
        let places = Dictionary(uniqueKeysWithValues: zip(queues, queues.indices))
        self.queues = queues
        self.bindings = bindings.compactMap { binding in places[binding.queue].map { ($0, binding) } }
    }

    /// None where nobody was bound to it: then it went to `unrouted`. What was accepted at the moment of the binding counts as earlier.
    mutating func consumers(of entry: JournalEntry) -> [Int] {
        targets(of: entry.event.type).filter { $0.since.map { $0 < entry.accepted } ?? true }.map(\.queue)
    }

    private mutating func targets(of type: String) -> [(queue: Int, since: Timestamp?)] {
        if let known = remembered[type] { return known }
        var found: [(queue: Int, since: Timestamp?)] = []
        for (queue, binding) in bindings where binding.pattern.matches(type) {
            guard let place = found.firstIndex(where: { $0.queue == queue }) else {
                found.append((queue, binding.since))
                continue
            }
            // Of several that match, the one that is there for longest.
            if let since = found[place].since { found[place].since = binding.since.map { min($0, since) } }
        }
        if remembered.count >= Self.limit { remembered = [:] }
        remembered[type] = found
        return found
    }
}
