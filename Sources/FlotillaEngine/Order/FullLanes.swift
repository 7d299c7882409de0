// SPDX-License-Identifier: Apache-2.0

/// What becomes of an event that finds its strict lane full: while the lane gets on, it waits for a place; when the first event of the lane has
/// been the same for a while, it is parked. Kept by whoever draws the tickets of one worker.
struct FullLanes {
    private var seen: [LaneKey: (first: LedgerKey, since: Duration)] = [:]
    static let patience = Duration.seconds(5)
    /// Between two questions for a place.
    static let pause = Duration.milliseconds(200)
    private static let limit = 4096

    /// Whether it goes on waiting.
    mutating func waits(for lane: LaneKey, first: LedgerKey, now: Duration) -> Bool {
        if let known = seen[lane], known.first == first { return now - known.since < Self.patience }
        // Keys come from outside.
        if seen.count >= Self.limit { seen = [:] }
        seen[lane] = (first, now)
        return true
    }
}
