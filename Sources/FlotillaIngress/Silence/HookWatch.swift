// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime
internal import Synchronization

/// Listens to one hook: its rhythm behind a lock, its metric, and the few words that are said of it. Lives as long as the process
/// has a hook of that name; the ingress lets it look at the time now and then.
final class HookWatch: Sendable {
    private let rhythm: Mutex<HookRhythm>
    private let clock: @Sendable () -> UInt64
    private let variable: String
    private let log: Logger

    /// The clock counts nanoseconds and never jumps.
    init(of hook: String, metrics: MetricsRegistry, log: Logger, clock: @escaping @Sendable () -> UInt64) {
        self.clock = clock
        self.log = log.with(["hook": hook])
        variable = HookName.variable(hook, "SECRET")
        rhythm = Mutex(HookRhythm(start: Self.seconds(clock)))
        let gauge = metrics.gauge(MetricTable.hookSilenceSeconds, hook)
        metrics.beforeRendering { [weak self] _ in
            if let self { gauge.set(rhythm.withLock { $0.silence(at: Self.seconds(clock)) }) }
        }
    }

    func accepted() {
        rhythm.withLock { $0.accepted(at: Self.seconds(clock)) }
    }

    func refused(_ check: Rejection.Check) {
        rhythm.withLock { $0.refused(check, at: Self.seconds(clock)) }
    }

    func look() {
        switch rhythm.withLock({ $0.word(at: Self.seconds(clock)) }) {
        case nil: return
        case .recovered: log.notice("hook heard again")
        case .neverSeen(let seconds):
            log.warning(
                "hook never heard since the start",
                ["seconds": seconds, "remedy": "see whether the hook is enabled at the provider, and has this ingress's URL there"])
        case .silent(let seconds, let usual):
            log.warning(
                "hook silent for longer than usual",
                ["seconds": seconds, "usual": usual, "remedy": "see in the provider's delivery log whether it has disabled the hook"])
        case .refused(let check):
            log.warning("hook refuses what it gets", ["check": check.rawValue, "remedy": remedy(for: check)])
        }
    }

    private func remedy(for check: Rejection.Check) -> String {
        switch check {
        case .header: "see whether the hook has a secret at the provider, and whether a proxy strips headers"
        case .timestamp: "see whether the clock of this machine is right"
        default: "the secret may have been rotated: compare \(variable) with the provider's, and the public URL if the scheme signs it"
        }
    }

    private static func seconds(_ clock: () -> UInt64) -> Double { Double(clock()) / 1e9 }
}
