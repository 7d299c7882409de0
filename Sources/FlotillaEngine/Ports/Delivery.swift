// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel
internal import Synchronization

/// One event handed to one worker. Made by an adapter's subscription, settled exactly once by `acknowledge` or `giveBack`;
/// if neither happens before its holder vanishes, it is delivered again.
package final class Delivery: Sendable {
    package let queue: String
    /// What came is not always an event: bytes of another sender, a damaged row.
    package let content: Result<Event, InvalidEvent>
    package let passage: Passage
    /// When the fleet took the event in, if the broker knows.
    package let accepted: Timestamp?
    /// The adapter's own name for this delivery.
    package let tag: Int64
    package let source: any DeliverySource
    private let settled = Atomic(false)

    package init(
        queue: String, content: Result<Event, InvalidEvent>, passage: Passage, accepted: Timestamp?, tag: Int64, source: any DeliverySource
    ) {
        self.queue = queue
        self.content = content
        self.passage = passage
        self.accepted = accepted
        self.tag = tag
        self.source = source
    }

    /// The broker may forget it.
    package func acknowledge() { settle(.acknowledged) }

    /// The broker delivers it again, soon, to whoever asks.
    package func giveBack() { settle(.givenBack) }

    private func settle(_ verdict: DeliveryVerdict) {
        guard !settled.exchange(true, ordering: .acquiringAndReleasing) else { return }
        source.settle(self, verdict)
    }
}

package enum DeliveryVerdict: Sendable {
    case acknowledged
    case givenBack
}

/// Who takes the settling of a delivery: the subscription that made it. Does not block.
package protocol DeliverySource: AnyObject, Sendable {
    func settle(_ delivery: Delivery, _ verdict: DeliveryVerdict)
}
