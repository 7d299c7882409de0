// SPDX-License-Identifier: Apache-2.0

/// A message that was sent and that the broker has not answered for.
struct Unconfirmed {
    enum Purpose {
        case message(Publication)
        /// Releases those whose events it holds.
        case journal([Publication])

        /// Nobody waits for it any more.
        var isOver: Bool {
            switch self {
            case .message(let publication): publication.isOver
            case .journal(let publications): publications.allSatisfy(\.isOver)
            }
        }
    }

    let purpose: Purpose
    let exchange: String
    let routingKey: String
    let size: Int
    /// Monotonic nanoseconds.
    let sent: UInt64
    /// The broker gave it back: no queue took it.
    var isReturned = false
}
