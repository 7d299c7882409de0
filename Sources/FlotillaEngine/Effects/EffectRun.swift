// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaModel
internal import FlotillaRuntime
internal import Synchronization

/// The effects of one run of one handler: made with its context, over when the handler has ended or was left behind. From then on nothing
/// begins any more; a call that is under way still records what it did, as long as the claim is there.
final class EffectRun: Sendable {
    /// The event that is handled, as far as effects need it.
    struct Parent: Sendable {
        let consumer: String
        let source: String
        let id: String
        var extensions: [String: String] = [:]
    }

    /// What the run is made of beside the event.
    struct Means: Sendable {
        let effects: any Effects
        let vault: Vault?
        let sleeper: any Sleeper
        let now: @Sendable () -> Timestamp
        let publish: @Sendable (Event) async throws -> Void
        var reached: @Sendable (EffectStage, _ name: String) -> Void = { _, _ in }
        var ended: @Sendable (_ name: String, EffectResult) -> Void = { _, _ in }
        var waits: @Sendable (_ step: String, any Error) -> Void = { _, _ in }
        /// The store says that the claim is another's.
        var losesClaim: @Sendable () -> Void = {}
    }

    private struct State {
        var used: Set<[String]> = []
        var stop: Failure?
        var isOver = false
        var isHeldUp = false
    }

    let parent: Parent
    let means: Means
    let claim: HeldClaim?
    let number = Int64.random(in: .min ... .max)
    private let state = Mutex(State())

    init(_ parent: Parent, claim: HeldClaim?, _ means: Means) {
        self.parent = parent
        self.claim = claim
        self.means = means
    }

    /// What ends the event whatever the handler makes of the error: that it can't be known, or that the handler is at fault.
    var stop: Failure? { state.withLock { $0.stop } }

    /// Whether it was cancelled while it waited for the store or the broker: that is no fault of the event.
    var isHeldUp: Bool { state.withLock { $0.isHeldUp } }

    func end() { state.withLock { $0.isOver = true } }

    func key() throws -> LedgerKey {
        try claim?.key ?? LedgerKey(consumer: parent.consumer, source: parent.source, id: parent.id)
    }

    /// Each name and key once in a run: a second call could not be told from a repetition of the first.
    func take(_ kind: String, _ name: String, _ key: String) throws {
        try Task.checkCancellation()
        let (isOver, isNew) = state.withLock { ($0.isOver, $0.isOver || $0.used.insert([kind, name, key]).inserted) }
        if isOver { throw CancellationError() }
        if !isNew { throw halt("the \(kind) \(name) was used twice in one run with the same key: give each a key of its own") }
    }

    /// Ends the event for good.
    func halt(_ reason: String) -> Failure {
        let failure = Failure(.permanent, reason)
        state.withLock { $0.stop = $0.stop ?? failure }
        return failure
    }

    /// For somebody else: the first half of a SHA-256, from which nothing of the event can be read.
    static func name(_ purpose: String, _ parts: [UInt8]...) throws -> String {
        Hex.encode(try digest(purpose, parts))
    }

    /// Lengths are hashed too, so that no two sequences of parts read the same.
    static func digest(_ purpose: String, _ parts: [[UInt8]]) throws -> [UInt8] {
        var text = Array("flotilla \(purpose)\0".utf8)
        for part in parts {
            withUnsafeBytes(of: UInt64(part.count).littleEndian) { text.append(contentsOf: $0) }
            text.append(contentsOf: part)
        }
        return Array(try Digest.sha256(text).prefix(16))
    }

    /// Tries until it works or the handler is cancelled: a store or broker that is away must cost no attempt. What has been done is
    /// written down by a cancelled handler, too, if the store is there.
    func insisting<Value: Sendable>(_ step: String, _ body: () async throws -> Value) async throws -> Value {
        var pause = Duration.milliseconds(50)
        while true {
            do {
                return try await body()
            } catch {
                if let failure = error as? BrokerFailure, failure.kind == .refused { throw Failure(.permanent, failure.description) }
                means.waits(step, error)
                do {
                    try Task.checkCancellation()
                    try await means.sleeper.sleep(for: pause)
                } catch {
                    state.withLock { $0.isHeldUp = true }
                    throw error
                }
                pause = min(pause * 2, .seconds(5))
            }
        }
    }
}
