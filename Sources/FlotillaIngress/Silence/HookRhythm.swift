// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What one hook sounds like: how often its requests come, how long it was silent at most, and whether what comes is refused. Begins
/// with the process and knows nothing of the time before; is told of each request and asked now and then whether something is worth
/// a word. Each word is said once, and again only after the hook has recovered.
///
/// Moments are seconds of a clock that never jumps.
struct HookRhythm {
    enum Word: Equatable {
        /// No request was accepted since the start.
        case neverSeen(seconds: Int)
        case silent(seconds: Int, usual: Int)
        /// Many were refused in a short time, and none accepted between them; the last one for this reason.
        case refused(Rejection.Check)
        case recovered
    }

    static let neverSeenAfter = 6 * 3600.0
    /// No silence is shorter.
    static let leastSilence = 900.0
    /// So many gaps must be known before one can be too long.
    static let leastGaps = 10
    /// Half of the longest gap is forgotten in two weeks: a weekend is remembered until the next one, a holiday is not for ever.
    static let memory = 14 * 86_400.0
    static let burst = 10.0
    /// Half of the refusals are forgotten in this time, so that a forgery a day never adds up.
    static let burstMemory = 300.0

    private let start: Double
    private var last: Double?
    private var gaps = 0
    private var meanGap = 0.0
    private var longestGap = 0.0
    private var refusals = 0.0
    private var lastRefusal = 0.0
    private var lastCheck = Rejection.Check.signature
    /// Whether its silence was told, and its refusals: either says nothing of the other, since anybody can be refused.
    private var isMissed = false
    private var isRefused = false
    private var isHeardAgain = false

    init(start: Double) {
        self.start = start
    }

    // MARK: Told

    mutating func accepted(at now: Double) {
        if let last {
            let gap = max(0, now - last)
            meanGap = gaps == 0 ? gap : meanGap + (gap - meanGap) / 16
            longestGap = max(gap, longestGap * exp2(-gap / Self.memory))
            gaps = min(gaps + 1, Self.leastGaps)
        }
        last = now
        refusals = 0
        isHeardAgain = isMissed || isRefused
    }

    mutating func refused(_ check: Rejection.Check, at now: Double) {
        refusals = refusals * exp2(-max(0, now - lastRefusal) / Self.burstMemory) + 1
        lastRefusal = now
        lastCheck = check
    }

    // MARK: Asked

    /// Since the last accepted request; since the start for a hook that was never seen.
    func silence(at now: Double) -> Double { max(0, now - (last ?? start)) }

    mutating func word(at now: Double) -> Word? {
        if isHeardAgain {
            isHeardAgain = false
            isMissed = false
            isRefused = false
            return .recovered
        }
        if !isRefused, refusals >= Self.burst {
            isRefused = true
            return .refused(lastCheck)
        }
        guard !isMissed, let limit, silence(at: now) > limit else { return nil }
        isMissed = true
        let seconds = Int(silence(at: now).rounded())
        return last == nil ? .neverSeen(seconds: seconds) : .silent(seconds: seconds, usual: Int(meanGap.rounded()))
    }

    /// The silence that is not usual any more. A hook that was watched for an hour has shown little of its days and nights: it is
    /// believed at most half as long as it was watched.
    private var limit: Double? {
        guard let last else { return Self.neverSeenAfter }
        guard gaps >= Self.leastGaps else { return nil }
        return max(Self.leastSilence, 2 * longestGap, min((last - start) / 2, 43_200))
    }
}
