// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine

/// The keys of all events of the journal's window, for each consumer, as far as they fit into memory: when there are too many, those of one
/// half of all hashes go, and are left for another reading of the journal. So a window of any size takes 16 bytes for each of at most
/// `limit` keys, and is read once more whenever its keys double.
struct AuditKeys {
    /// All hashes that begin with these bits.
    struct Part: Equatable {
        var bits = 0
        var value: UInt64 = 0

        static let whole = Part()

        func contains(_ key: LedgerKey) -> Bool { key.leading(bits: bits) == value }

        var halves: (Part, Part) { (Part(bits: bits + 1, value: value << 1), Part(bits: bits + 1, value: value << 1 | 1)) }
    }

    private(set) var part: Part
    /// What does not fit.
    private(set) var rest: [Part] = []
    private var keys: [[LedgerKey]]
    private var count = 0
    private let limit: Int

    init(_ part: Part, consumers: Int, limit: Int) {
        self.part = part
        self.limit = max(2, limit)
        keys = Array(repeating: [], count: consumers)
    }

    mutating func add(_ key: LedgerKey, of consumer: Int) {
        guard part.contains(key) else { return }
        keys[consumer].append(key)
        count += 1
        if count > limit { shrink() }
    }

    /// Those of one consumer, each once, in their order. They are let go.
    mutating func take(_ consumer: Int) -> [LedgerKey] {
        sortOut(consumer)
        defer { keys[consumer] = [] }
        return keys[consumer]
    }

    private mutating func shrink() {
        for consumer in keys.indices { sortOut(consumer) }
        while count > limit / 2, part.bits < 64 {
            let (kept, left) = part.halves
            part = kept
            rest.append(left)
            for consumer in keys.indices { keys[consumer].removeAll { !kept.contains($0) } }
            count = keys.reduce(0) { $0 + $1.count }
        }
    }

    private mutating func sortOut(_ consumer: Int) {
        keys[consumer].sort()
        let before = keys[consumer].count
        var last: LedgerKey?
        keys[consumer].removeAll { key in
            defer { last = key }
            return key == last
        }
        count -= before - keys[consumer].count
    }
}
