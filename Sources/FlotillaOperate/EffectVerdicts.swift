// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime

/// A person's verdict on an effect of which nobody knows whether it happened: the effect of one dead letter, found by its name, and written
/// together with the deed. After it the letter may run again.
package struct EffectVerdicts: Sendable {
    private let effects: any EffectInspection
    private let vault: Vault?

    package init(_ effects: any EffectInspection, vault: Vault?) {
        self.effects = effects
        self.vault = vault
    }

    /// The one effect of the letter with this name, and this key if there are several.
    package func find(in letter: Letter, name: String, key: String?) async throws -> EffectEntry {
        guard case .success(let event) = letter.content, let consumer = DeadLetters.origin(of: letter) else { throw NoVerdict.noEvent }
        let all = try await effects.effects(of: LedgerKey(consumer: consumer, source: event.source, id: event.id))
        let named = all.filter { $0.effect.name == name }
        let found = named.filter { key == nil || $0.effect.key == key }
        guard let first = found.first else { throw NoVerdict.missing(known: all.map(\.effect)) }
        guard found.count == 1 else { throw NoVerdict.several(keys: found.map(\.effect.key)) }
        return first
    }

    /// `value`: what the handler gets instead of a call.
    package func settle(_ entry: EffectEntry, happened: Bool, value: String?, recording deed: Deed) async throws -> EffectResolution {
        guard happened else { return try await effects.resolve(entry.effect, as: .redo, recording: deed) }
        let given = try value.map { try record(Array($0.utf8), for: entry) }
        return try await effects.resolve(entry.effect, as: .happened(given), recording: deed)
    }

    private func record(_ bytes: [UInt8], for entry: EffectEntry) throws -> EffectRecord {
        guard bytes.count <= EffectTable.valueLimit else { throw NoVerdict.tooLarge }
        guard entry.row.isSecret else { return .plain(bytes) }
        guard let vault else { throw NoVerdict.noKeys }
        return .sealed(try vault.seal(Secret(bytes: bytes), as: .effect(entry.effect)))
    }
}

/// Why there is nothing to decide about.
package enum NoVerdict: Error, CustomStringConvertible {
    case noEvent
    case missing(known: [EffectName])
    case several(keys: [String])
    case tooLarge
    case noKeys

    package var description: String {
        switch self {
        case .noEvent: "the letter is no event of a worker"
        case .missing(let known) where known.isEmpty: "the event has no effects, or they were decided about already"
        case .missing(let known): "the event has no such effect: there are \(known.map { "\($0.name) \($0.key)" }.joined(separator: ", "))"
        case .several(let keys): "there are several of that name: --key takes one of \(keys.joined(separator: ", "))"
        case .tooLarge: "a result is at most \(EffectTable.valueLimit) bytes"
        case .noKeys: "the result is secret: FLOTILLA_KEYS must hold the key to seal it with"
        }
    }
}
