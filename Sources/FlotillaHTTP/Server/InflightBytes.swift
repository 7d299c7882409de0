// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// The bytes of bodies that a process holds at once, over all its loops. What is taken is given back when the answer is made or the connection ends.
package final class InflightBytes: Sendable {
    package let limit: Int
    private let bytes = Atomic<Int>(0)

    package init(limit: Int = 256 * 1024 * 1024) {
        self.limit = limit
    }

    package var held: Int { bytes.load(ordering: .relaxed) }

    /// Whether so many more would still fit; nothing is taken.
    package func hasRoom(for count: Int) -> Bool { count <= limit - held }

    /// False, and nothing taken, when it would pass the limit.
    package func take(_ count: Int) -> Bool {
        let after = bytes.add(count, ordering: .relaxed).newValue
        if after <= limit { return true }
        give(count)
        return false
    }

    package func give(_ count: Int) {
        bytes.subtract(count, ordering: .relaxed)
    }
}
