// SPDX-License-Identifier: Apache-2.0

package import FlotillaHTTP
package import FlotillaRuntime
internal import Synchronization

/// What a hook asks of a request besides its signature. Without either, nothing.
package struct HookLimits: Sendable, Equatable {
    /// Where its provider sends from; everywhere when there are none.
    package var networks: NetworkList
    /// How many verified requests it takes.
    package var rate: Rate?

    package init(networks: NetworkList = NetworkList(), rate: Rate? = nil) {
        self.networks = networks
        self.rate = rate
    }
}

extension HookLimits {
    /// What any hook may have, whatever its scheme.
    static let options: [HookOption] = [.networks, .rate]
}

extension HookOption {
    package static let networks = HookOption("networks", "the networks that the provider sends from; others are answered 401")
    package static let rate = HookOption(
        "rate", "how many verified requests the hook takes, such as 100/s; the rest is answered 429. Only where the provider sends again")
}

/// A hook's own rate, kept by all loops together. It outlives a change of the configuration that leaves the rate as it is.
final class HookPace: Sendable {
    let rate: Rate
    private let pace: Pace
    private let clock: @Sendable () -> UInt64
    private let restored = Mutex<UInt64>(0)

    init(_ rate: Rate, clock: @escaping @Sendable () -> UInt64) {
        self.rate = rate
        pace = Pace(rate)
        self.clock = clock
    }

    /// Spends one; or says how long it takes until there is one to spend.
    func take() -> Duration? {
        let now = clock()
        let wait = restored.withLock { restored in
            let wait = pace.wait(restored, at: now)
            if wait == 0 { pace.spend(&restored, at: now) }
            return wait
        }
        return wait == 0 ? nil : .nanoseconds(Int64(clamping: wait))
    }
}
