// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
package import FlotillaRuntime
internal import Synchronization

/// Closes the door to networks that send too much of what is refused. Made with the ingress, asked by every request from any loop.
///
/// Only refused requests spend: a provider that sends thousands a second is never slowed down by its own success. A source is one IPv4
/// address or one IPv6 /64, which is what one customer of a network gets; the block around it (/24, /48) may spend eight times as much
/// before it is closed as a whole, so that hopping within it doesn't help.
///
/// A source that has passed verification lately is let through to verification although it is closed, and only what then fails is told to
/// wait: an attacker behind the same address, or in the same block, can't lock a provider out. Only such sources can make each other be forgotten.
/// So that a provider who comes for the first time beside an attacker can pass at all, every sixteenth request of closed sources is let
/// through to verification as well.
package final class FloodGate: Sendable {
    private static let blockFactor = 8
    private static let chance: UInt64 = 16
    /// How long a source counts as known.
    private static let known = Duration.seconds(24 * 3600)

    private struct State {
        var sources = SourceTable(capacity: 16_384)
        var blocks = SourceTable(capacity: 4096)
        var known = SourceTable(capacity: 4096)
        /// The latest moment in `sources` and `blocks`: once it is over nobody owes anything.
        var latest: UInt64 = 0
        /// Requests of closed sources.
        var stopped: UInt64 = 0
    }

    package let rate: Rate
    private let pace: Pace
    private let blockPace: Pace
    private let clock: @Sendable () -> UInt64
    private let state = Mutex(State())

    package init(_ rate: Rate, clock: @escaping @Sendable () -> UInt64 = { MonotonicClock.now }) {
        self.rate = rate
        pace = Pace(rate)
        blockPace = Pace(rate, times: Self.blockFactor)
        self.clock = clock
    }

    /// How long the source has to wait, nil when it may come in.
    func wait(of source: NetworkAddress) -> Duration? {
        let now = clock()
        return state.withLock { state in
            guard let wait = wait(of: source, state, now), state.known[source.network] <= now else { return nil }
            state.stopped &+= 1
            return state.stopped.isMultiple(of: Self.chance) ? nil : wait
        }
    }

    /// A request of the source was refused. How long it has to wait, nil while it has not spent all.
    func refused(_ source: NetworkAddress) -> Duration? {
        let now = clock()
        return state.withLock { state in
            if let wait = wait(of: source, state, now) { return wait }
            var moment = state.sources[source.network]
            pace.spend(&moment, at: now)
            state.sources.set(source.network, moment)
            state.latest = max(state.latest, moment)
            moment = state.blocks[source.block]
            blockPace.spend(&moment, at: now)
            state.blocks.set(source.block, moment)
            state.latest = max(state.latest, moment)
            return nil
        }
    }

    /// A request of the source was its provider's.
    func passed(_ source: NetworkAddress) {
        let now = clock()
        let until = now &+ Self.known.inNanoseconds
        state.withLock { state in
            // Written anew once a minute, not with each request.
            guard state.known[source.network] < until - 60_000_000_000 else { return }
            state.known.set(source.network, until)
        }
    }

    private func wait(of source: NetworkAddress, _ state: borrowing State, _ now: UInt64) -> Duration? {
        guard state.latest > now else { return nil }
        let wait = max(pace.wait(state.sources[source.network], at: now), blockPace.wait(state.blocks[source.block], at: now))
        return wait == 0 ? nil : .nanoseconds(Int64(clamping: wait))
    }
}

extension NetworkAddress {
    fileprivate var network: NetworkAddress { isVersion4 ? self : prefix(64) }
    fileprivate var block: NetworkAddress { prefix(isVersion4 ? 120 : 48) }
}
