// SPDX-License-Identifier: Apache-2.0

public import FlotillaModel
internal import FlotillaRuntime

/// What a handler knows beside the event, and what it does to the world through. Made by the pipeline for one run of one handler.
public struct Context: Sendable {
    /// Names this event for this worker, the same on every redelivery: an idempotency key.
    public let key: String
    public let queue: String
    /// From 1.
    public let attempt: Int
    /// Grows when a person replays the event.
    public let generation: Int
    /// When the task of this handler is cancelled, if nobody sets the clock meanwhile.
    public let deadline: Timestamp
    let effects: EffectRun

    init(key: String, queue: String, attempt: Int, generation: Int, deadline: Timestamp, run: EffectRun) {
        self.key = key
        self.queue = queue
        self.attempt = attempt
        self.generation = generation
        self.deadline = deadline
        effects = run
    }

    /// For tests of handlers: what it does is remembered in `effects`, and goes nowhere.
    public init(
        key: String, queue: String, attempt: Int, generation: Int, deadline: Timestamp, effects: EffectMemory = EffectMemory()
    ) {
        let parent = EffectRun.Parent(consumer: queue, source: "/", id: key)
        self.init(key: key, queue: queue, attempt: attempt, generation: generation, deadline: deadline, run: EffectRun(parent, effects))
    }

    /// For tests of handlers: the context of a run of this event.
    public init(
        handling event: Event, queue: String = "test", attempt: Int = 1, generation: Int = 0,
        deadline: Timestamp = Timestamp(microseconds: .max), effects: EffectMemory = EffectMemory()
    ) {
        let parent = EffectRun.Parent(consumer: queue, source: event.source, id: event.id, extensions: event.extensions)
        self.init(
            key: IdempotencyKey.text(consumer: queue, event: event), queue: queue, attempt: attempt, generation: generation,
            deadline: deadline, run: EffectRun(parent, effects))
    }
}

extension Context {
    /// Changes the world once: the intent is stored before the call, its result after it. A later run of the same event gets the result and
    /// does not call; one that finds the intent alone does as the policy says.
    ///
    ///     let receipt = try await context.effect("send", key: address, argument: text, .atMostOnce) { call in
    ///         try await mailer.send(text, to: address, id: call.idempotencyKey)
    ///     }
    ///
    /// One effect is one call: what is done in the closure is done or not done as a whole. Under one name and key it stands once in a run; a
    /// second time is a fault of the handler, and the event a dead letter. In a handler that is repeatable `.atMostOnce` is refused: without
    /// a claim nothing keeps two runs apart.
    ///
    /// What the closure throws is thrown on: a `NotDone`, or a `Failure` with which the service refused, takes the intent back before.
    ///
    /// - Parameters:
    ///   - name: what is done: 1 to 64 of a-z 0-9 - _ . It is a label of metrics.
    ///   - key: to whom or what, where an event does it more than once. At most 1024 bytes.
    ///   - argument: with what. An event that comes again with another one ends as `effect-changed`, since it would not be the same effect.
    ///   - policy: what to do about an earlier run's intent that has no result.
    ///   - secret: seals the value in the store, under `FLOTILLA_KEYS`.
    ///   - call: does it. A value of more than 64 KB is returned and not kept; a run that needs it again calls or asks the service where the
    ///     policy allows, and otherwise ends as `effect-value`.
    @discardableResult
    public func effect<Value: EffectValue>(
        _ name: String, key: String = "", argument: (any EffectValue)? = nil, _ policy: EffectPolicy<Value>, secret: Bool = false,
        call: (EffectCall) async throws -> Value
    ) async throws -> Value {
        try await effects.perform(
            EffectRun.Order(name: name, key: key, argument: argument, policy: policy, isSecret: secret, codec: .value), call)
    }

    /// The same for an effect of which nothing but its having happened is needed.
    public func effect(
        _ name: String, key: String = "", argument: (any EffectValue)? = nil, _ policy: EffectPolicy<Void>,
        call: (EffectCall) async throws -> Void
    ) async throws {
        try await effects.perform(
            EffectRun.Order(name: name, key: key, argument: argument, policy: policy, isSecret: false, codec: .nothing), call)
    }

    /// Publishes an event that follows from this one; returns its id when it is confirmed. The id is made of this event's and of name and
    /// key: a run that does it again publishes the same event, and whoever has handled it knows it.
    ///
    /// Its source is `/workers/{queue}`. It takes over tenant, trace and partition key, and has this event's id as `parentid`.
    ///
    /// - Parameters:
    ///   - name: tells apart what one event publishes; the type without it.
    ///   - key: the same, where an event publishes several of one name.
    @discardableResult
    public func publish(
        type: String, data: [UInt8], name: String? = nil, key: String = "", contentType: String? = "application/json",
        subject: String? = nil, extensions: [String: String] = [:]
    ) async throws -> String {
        try await effects.publish(
            EffectRun.Publication(
                type: type, data: data, name: name ?? type, key: key, contentType: contentType, subject: subject, extensions: extensions))
    }
}

extension EffectRun {
    /// In memory, with a claim that nobody takes away.
    fileprivate convenience init(_ parent: Parent, _ memory: EffectMemory) {
        let claim = (try? LedgerKey(consumer: parent.consumer, source: parent.source, id: parent.id)).map { HeldClaim(key: $0, fence: 1) }
        self.init(
            parent, claim: claim,
            Means(
                effects: memory, vault: nil, sleeper: NoSleep(), now: { memory.time }, publish: { memory.publish($0) }))
    }
}

/// Nothing here is ever away.
private struct NoSleep: Sleeper {
    func sleep(for duration: Duration) async throws { throw CancellationError() }
}
