// SPDX-License-Identifier: Apache-2.0

/// The names of the queues beside a worker's own.
package enum QueueNames {
    package static let unrouted = "unrouted"
    /// A line of its own where delayed events are not counted by queue; no queue.
    package static let delayed = "flotilla.delay"

    package static func dead(_ queue: String) -> String { queue + ".dead" }
    package static func parked(_ queue: String) -> String { queue + ".parked" }

    /// The worker's queue that a companion belongs to.
    package static func worker(of companion: String) -> String? {
        for suffix in [".dead", ".parked"] where companion.hasSuffix(suffix) { return String(companion.dropLast(suffix.count)) }
        return nil
    }

    /// A worker's own queue is named by what can stand in a topic, a file name and a metric label, and never like a companion.
    package static func isWorkerQueue(_ name: String) -> Bool {
        let plain = name.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x5F || $0 == 0x2E
        }
        return plain && !name.isEmpty && name.utf8.count <= 100 && name != unrouted && !name.hasSuffix(".dead")
            && !name.hasSuffix(".parked") && !name.contains(".parked.")
    }
}
