// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime

/// Says in the log why a hook's requests are refused: at most one line for each reason in ten seconds, which tells how many were
/// left out before it. Anybody can cause these lines, so they never hold anything of the request.
struct RefusalLog: Sendable {
    private static let period = Duration.seconds(10)

    private let log: Logger
    private let rejections: [Rejection.Check: LogThrottle]
    private let failures = LogThrottle(1, each: period)
    private let remarks = LogThrottle(1, each: period)

    init(of hook: String, to log: Logger) {
        self.log = log.with(["hook": hook])
        rejections = Dictionary(uniqueKeysWithValues: Rejection.Check.allCases.map { ($0, LogThrottle(1, each: Self.period)) })
    }

    func rejected(_ rejection: Rejection, at now: Timestamp) {
        guard let leftOut = rejections[rejection.check]?.admit(at: now) else { return }
        log.notice("webhook refused", ["check": rejection.check.rawValue, "why": rejection.why, "left_out": leftOut])
    }

    /// What an operator has to do about what the provider sent.
    func asks(_ remark: String, at now: Timestamp) {
        guard let leftOut = remarks.admit(at: now) else { return }
        log.notice(remark, ["left_out": leftOut])
    }

    func ended(_ end: Publication.End, at now: Timestamp) {
        switch end {
        case .published: return
        case .late: unpublished("the broker did not confirm in time", at: now)
        case .slow: unpublished("the request took too long to arrive", at: now)
        case .crowded: unpublished("too much is waiting for the broker", at: now)
        case .failed(let error): unpublished(error, at: now)
        }
    }

    /// An error of a kind that is not meant to be shown is named by its type alone.
    func unpublished(_ error: any Error, at now: Timestamp) {
        unpublished((error as? BrokerFailure)?.description ?? "\(type(of: error))", at: now)
    }

    private func unpublished(_ why: String, at now: Timestamp) {
        guard let leftOut = failures.admit(at: now) else { return }
        log.warning("webhook not published", ["why": why, "left_out": leftOut])
    }
}
