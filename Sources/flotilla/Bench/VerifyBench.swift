// SPDX-License-Identifier: Apache-2.0

internal import CBench
internal import FlotillaHTTP
internal import FlotillaIngress
internal import FlotillaModel
internal import FlotillaRuntime

/// What verifying one request costs, for each scheme, beside OpenSSL's hash of the same bytes in the same run.
struct VerifyBench {
    struct Line {
        let scheme: String
        let bytes: Int
        let nanoseconds: Double
        /// Of OpenSSL alone: the hash that the scheme computes.
        let hash: String
        let hashNanoseconds: Double

        var beyond: Double { nanoseconds - hashNanoseconds }
    }

    private static let sha1 = ["intercom", "vercel", "twilio", "twilio-json", "mandrill", "aws-sns-v1"]
    /// Each is measured so often, and the fastest counts: what is slower was disturbed.
    private static let rounds = 7
    private static let roundLength: UInt64 = 20_000_000

    static func run(_ each: (Line) -> Void) throws {
        for provider in ProviderTable.all {
            let hook = try BenchHook.make(of: provider)
            let now = SystemClock().now
            let request = try BenchHook.request(to: hook, at: now)
            _ = try hook.verify(request, at: now)
            let hash = sha1.contains(provider.name) ? "SHA1" : "SHA256"
            var best = Double.infinity
            var bare = Double.infinity
            for _ in 0..<rounds {
                // Side by side, so that both see the same clock rate of the processor.
                bare = min(bare, flotilla_bench_hash(hash, request.body.count, 5000))
                best = min(best, try measure(hook, request, now))
            }
            guard bare > 0 else { throw WrongUsage("libcrypto can't hash") }
            each(Line(scheme: provider.name, bytes: request.body.count, nanoseconds: best, hash: hash, hashNanoseconds: bare))
        }
    }

    private static func measure(_ hook: Hook, _ request: Request, _ now: Timestamp) throws -> Double {
        var count = 0
        let begin = MonotonicClock.now
        repeat {
            for _ in 0..<50 { _ = try hook.verify(request, at: now) }
            count += 50
        } while MonotonicClock.now - begin < roundLength
        return Double(MonotonicClock.now - begin) / Double(count)
    }
}
