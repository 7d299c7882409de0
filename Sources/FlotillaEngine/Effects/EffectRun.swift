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

    /// For somebody else: nothing of the event can be read from it.
    static func name(_ purpose: String, _ parts: [UInt8]...) throws -> String {
        Hex.encode(try digest(purpose, parts))
    }

    static func digest(_ purpose: String, _ parts: [[UInt8]]) throws -> [UInt8] {
        Array(try Fingerprint.bytes(of: [Array("flotilla \(purpose)".utf8)] + parts))
    }

    /// What has been done is written down by a cancelled handler, too, if the store is there: it is tried once.
    func insisting<Value: Sendable>(_ step: String, _ body: () async throws -> Value) async throws -> Value {
        do {
            return try await means.sleeper.insisting(on: body) { means.waits(step, $0) }
        } catch let failure as BrokerFailure {
            throw Failure(.permanent, failure.description)
        } catch {
            state.withLock { $0.isHeldUp = true }
            throw error
        }
    }
}
