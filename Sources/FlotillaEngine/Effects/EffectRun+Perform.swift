// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import FlotillaRuntime

/// One effect, from the handler's word to its result: intent, call, result. The store says what is to be done, by `EffectTable`.
extension EffectRun {
    struct Order<Value: Sendable> {
        let name: String
        let key: String
        let argument: (any EffectValue)?
        let policy: EffectPolicy<Value>
        let isSecret: Bool
        let codec: EffectCodec<Value>
    }

    func perform<Value: Sendable>(_ order: Order<Value>, _ body: (EffectCall) async throws -> Value) async throws -> Value {
        do { try accept(order) } catch let failure as Failure {
            means.ended(order.name, .invalid)
            throw failure
        }
        let work = EffectWork(try effect(order), try ask(order))
        switch try await insisting("effect", { try await means.effects.begin(work.effect, work.ask, under: claim) }) {
        case .call(let isRepeat):
            return try await make(work, order, isRepeat: isRepeat, body)
        case .recorded(let record):
            let value = try read(record, work, order)
            means.ended(order.name, .recorded)
            return value
        case .reconcile(let hasHappened):
            return try await reconcile(work, order, hasHappened: hasHappened, body)
        case .unknown(let since):
            throw stopped(order.name, .unknown, "unknown-effect: \(order.name) may have happened: its call at \(since) has no result")
        case .valueLost:
            throw valueLost(order.name)
        case .changed:
            throw stopped(order.name, .changed, "effect-changed: \(order.name) was begun with another argument")
        case .lost:
            throw lost(order.name)
        }
    }

    // MARK: Before

    private func accept<Value: Sendable>(_ order: Order<Value>) throws {
        guard EffectNames.isName(order.name) else { throw halt("an effect's name is 1 to 64 of a-z 0-9 - _ .") }
        guard EffectNames.isKey(order.key) else {
            throw halt("the key of the effect \(order.name) is longer than \(EffectNames.keyLimit) bytes or holds a control character")
        }
        try take("effect", order.name, order.key)
        if claim == nil, order.policy.rule == .atMostOnce {
            throw halt("the effect \(order.name) can't be .atMostOnce in a handler that is repeatable: nothing keeps two runs apart there")
        }
        if order.isSecret, means.vault == nil {
            throw unopened("the value of the effect \(order.name) is secret, and FLOTILLA_KEYS is not set")
        }
    }

    private func effect<Value: Sendable>(_ order: Order<Value>) throws -> EffectName {
        EffectName(event: try key(), name: order.name, key: order.key)
    }

    private func ask<Value: Sendable>(_ order: Order<Value>) throws -> EffectAsk {
        EffectAsk(
            rule: order.policy.rule, argument: try Self.digest("argument", order.argument.map { [try $0.effectBytes()] } ?? []),
            needsValue: order.codec.absent == nil, isSecret: order.isSecret, run: number)
    }

    private func call(_ effect: EffectName, isRepeat: Bool) throws -> EffectCall {
        EffectCall(
            idempotencyKey: try Self.name("effect", effect.event.bytes, Array(effect.name.utf8), Array(effect.key.utf8)),
            isRepeat: isRepeat)
    }

    // MARK: The call and its result

    private func make<Value: Sendable>(
        _ work: EffectWork, _ order: Order<Value>, isRepeat: Bool, _ body: (EffectCall) async throws -> Value
    ) async throws -> Value {
        means.reached(.intended, order.name)
        let value: Value
        do {
            value = try await body(call(work.effect, isRepeat: isRepeat))
        } catch {
            throw try await failed(work, order.name, isRepeat: isRepeat, with: error)
        }
        means.reached(.called, order.name)
        try await record(value, work, order, as: .done)
        means.reached(.recorded, order.name)
        return value
    }

    private func reconcile<Value: Sendable>(
        _ work: EffectWork, _ order: Order<Value>, hasHappened: Bool, _ body: (EffectCall) async throws -> Value
    ) async throws -> Value {
        guard let ask = order.policy.ask else { throw halt("the effect \(order.name) has nobody to ask") }
        switch try await ask(call(work.effect, isRepeat: true)) {
        case .happened(let value):
            try await record(value, work, order, as: .reconciled)
            return value
        case .didNot where hasHappened:
            throw valueLost(order.name)
        case .didNot:
            return try await make(work, order, isRepeat: true, body)
        case .unknown:
            throw stopped(order.name, .unknown, "unknown-effect: \(order.name) may have happened: the service can't say")
        }
    }

    /// A value that can't be kept is no reason to do it again: it is done, and the handler has the value in this run.
    private func record<Value: Sendable>(
        _ value: Value, _ work: EffectWork, _ order: Order<Value>, as result: EffectResult
    ) async throws {
        let bytes = try? order.codec.encode(value)
        var record: EffectRecord?
        if let bytes, bytes.count <= EffectTable.valueLimit { record = try? seal(bytes, work.effect, order.isSecret) }
        let written = try await insisting("effect") {
            try await means.effects.finish(work.effect, work.ask, value: record, under: claim)
        }
        guard written else { throw lost(order.name) }
        means.ended(order.name, record == nil ? .unkept : result)
    }

    /// What to throw on.
    private func failed(_ work: EffectWork, _ name: String, isRepeat: Bool, with error: any Error) async throws -> any Error {
        guard let cause = NotDone.cause(of: error) else {
            means.ended(name, .failed)
            return error
        }
        // An earlier call may have come through all the same: its intent stays. So it does where no claim keeps runs apart.
        if !isRepeat, let claim {
            let written = try await insisting("effect") { try await means.effects.withdraw(work.effect, run: number, under: claim) }
            guard written else { return lost(name) }
        }
        means.ended(name, .refused)
        return cause
    }

    // MARK: Values

    private func seal(_ bytes: [UInt8], _ effect: EffectName, _ isSecret: Bool) throws -> EffectRecord {
        guard isSecret, let vault = means.vault else { return .plain(bytes) }
        return .sealed(try vault.seal(Secret(bytes: bytes), as: .effect(effect)))
    }

    private func read<Value: Sendable>(_ record: EffectRecord?, _ work: EffectWork, _ order: Order<Value>) throws -> Value {
        do {
            switch record {
            case .plain(let bytes): return try order.codec.decode(bytes)
            case .sealed(let sealed):
                guard let vault = means.vault else { throw VaultFailure.noKey(id: sealed.key) }
                return try vault.open(sealed, as: .effect(work.effect)).withBytes { try order.codec.decode($0) }
            case nil:
                guard let absent = order.codec.absent else { throw UnreadableValue() }
                return absent
            }
        } catch let failure as VaultFailure {
            throw unopened("the recorded value of the effect \(order.name) can't be opened: \(failure)")
        } catch {
            throw stopped(order.name, .invalid, "effect-value: what is recorded for \(order.name) is no \(Value.self)")
        }
    }

    // MARK: Ends

    /// An operator can mend it: the event waits for that, and spends no attempts.
    private func unopened(_ reason: String) -> Failure {
        Failure(.throttled(until: means.now() + .seconds(60)), reason)
    }

    private func stopped(_ name: String, _ result: EffectResult, _ reason: String) -> Failure {
        means.ended(name, result)
        return halt(reason)
    }

    private func valueLost(_ name: String) -> Failure {
        stopped(
            name, .invalid, "effect-value: \(name) has happened, and its value was not kept: flotilla dead resolve … --result gives one")
    }

    /// Whatever the handler still does, another one decides.
    private func lost(_ name: String) -> any Error {
        means.ended(name, .lost)
        means.losesClaim()
        return CancellationError()
    }
}

/// What the store needs to know of an effect.
struct EffectWork: Sendable {
    let effect: EffectName
    let ask: EffectAsk

    init(_ effect: EffectName, _ ask: EffectAsk) {
        self.effect = effect
        self.ask = ask
    }
}

enum EffectNames {
    static let keyLimit = 1024

    /// A metric's label, too.
    static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x5F || $0 == 0x2E
            }
    }

    static func isKey(_ key: String) -> Bool {
        key.utf8.count <= keyLimit && !key.utf8.contains { $0 < 0x20 || $0 == 0x7F }
    }
}
