// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaOperate

/// The effects of one event as a person or a program reads them. Their values are not shown: they may be anything.
struct EffectText {
    let consumer: String
    let source: String
    let id: String
    let entry: EffectEntry

    static func find(id: String, _ lines: [EventHistory.Line], _ effects: any EffectInspection) async throws -> [EffectText] {
        var found: [EffectText] = []
        for line in lines {
            let key = try LedgerKey(consumer: line.consumer, source: line.source, id: id)
            found += try await effects.effects(of: key).map {
                EffectText(consumer: line.consumer, source: line.source, id: id, entry: $0)
            }
        }
        return found
    }

    static func table(_ effects: [EffectText]) -> String {
        let rows = effects.map { effect in
            let row = effect.entry.row
            return [
                effect.consumer, effect.source, effect.entry.effect.name, effect.entry.effect.key, row.state.name, row.policy, effect.value,
                row.since.description, row.changed.description,
            ]
        }
        return Terminal.table([["WORKER", "SOURCE", "EFFECT", "KEY", "STATE", "POLICY", "VALUE", "SINCE", "CHANGED"]] + rows)
    }

    private var value: String {
        switch entry.row.value {
        case .plain(let bytes): "\(bytes.count) bytes"
        case .sealed: "sealed"
        case nil: "-"
        }
    }

    func printJSON() {
        flotilla.printJSON { json in
            json.member("worker", consumer)
            json.member("source", source)
            json.member("id", id)
            json.member("effect", entry.effect.name)
            json.member("key", entry.effect.key)
            json.member("state", entry.row.state.name)
            json.member("policy", entry.row.policy)
            json.member("value", value)
            json.member("since", entry.row.since.description)
            json.member("changed", entry.row.changed.description)
        }
    }
}
