// SPDX-License-Identifier: Apache-2.0

/// Which partitions the ledger needs and which it can do without. Pure.
enum Partitions {
    /// Days of the ledger, from 1970-01-01 on.
    struct Span: Equatable {
        let first: Int64
        /// The first day behind it.
        let end: Int64

        var name: String { "ledger_\(first)" }

        /// Attached, and not made as a partition: that would lock out whoever claims. Rows have no key of their own by which whoever follows a
        /// database (logical replication) could tell which one went.
        var making: [Call] {
            [
                Query("", "CREATE TABLE \(name) (LIKE ledger INCLUDING ALL)")(),
                Query("", "ALTER TABLE \(name) REPLICA IDENTITY FULL")(),
                Query("", "ALTER TABLE ledger ATTACH PARTITION \(name) FOR VALUES FROM (\(first)) TO (\(end))")(),
            ]
        }
    }

    struct Plan: Equatable {
        var made: [Span] = []
        var dropped: [Span] = []
    }

    /// Days of a partition: all that outcomes are kept for. A fresh key is looked for in each partition, at the same price whatever is in it:
    /// so there are two, and what is kept for longer than it must be is as much again at most.
    static func length(keeping days: Int64) -> Int64 { max(1, days) }

    /// - Parameter days: how long outcomes are kept.
    static func plan(_ spans: [Span], today: Int64, keeping days: Int64) -> Plan {
        var plan = Plan()
        let length = length(keeping: days)
        // From today on, whatever there is: a clock that was ahead once may have left days without one.
        let ordered = spans.sorted { $0.first < $1.first }
        var next = today
        // Ahead, so that nothing stops on the day when nobody could make one.
        while next <= today + max(2, min(length, 7)) {
            if let there = ordered.first(where: { $0.first <= next && next < $0.end }) {
                next = there.end
                continue
            }
            let end = min(next + length, ordered.first { $0.first > next }?.first ?? .max)
            plan.made.append(Span(first: next, end: end))
            next = end
        }
        if days > 0 { plan.dropped = spans.filter { $0.end <= today - days } }
        return plan
    }
}
