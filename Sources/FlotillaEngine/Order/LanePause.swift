// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel

/// For how long a delivery is sent away whose lane is not free: long enough that what is stuck costs little, short enough that a lane is
/// not empty for long while events of it are on their way. Pure.
enum LanePause {
    static let shortest = Duration.milliseconds(100)
    static let longest = Duration.seconds(15)
    /// Of a strict lane, for each event ahead: those that come back in their order need not be sent away again.
    static let step = Duration.milliseconds(5)
    /// After the moment at which the first one of a strict lane is tried again.
    static let margin = Duration.milliseconds(200)

    /// Another process has been in it for so long: it may take as long again.
    static func busy(heldFor: Duration) -> Duration { min(max(heldFor, shortest), longest) }

    /// Of several that are sent away together, so that they come back in their order.
    static func after(_ pause: Duration, _ deliveries: [Delivery]) -> [(Delivery, Duration)] {
        deliveries.enumerated().map { place, delivery in (delivery, min(pause + step * Double(place), longest)) }
    }

    /// Others go first, and the first of them not before `due`.
    static func behind(ahead: Int64, due: Timestamp?, now: Timestamp) -> Duration {
        let first = due.map { $0 > now ? $0 - now + margin : shortest } ?? shortest
        return min(first + step * Double(max(0, ahead - 1)), longest)
    }
}
