// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

/// The rows of the table `effect`.
enum EffectRows {
    static let columns = "state, argument, policy, secret, value, sealed, since, at, fence, run"
    static let columnCount: Int32 = 10

    /// Whether a claim is its holder's still; who has none needs none.
    static func holds(_ claim: HeldClaim?, in turn: Turn) throws -> Bool {
        guard let claim else { return true }
        let find = turn.statements.holdsClaim
        claim.key.withBytes { find.bind(1, $0) }
        find.bind(2, claim.fence)
        return try find.row { _ in true } ?? false
    }

    static func find(_ effect: EffectName, in turn: Turn) throws -> EffectRow? {
        let find = turn.statements.effectRow
        bind(effect, to: find)
        return try find.row(read)
    }

    static func read(_ row: Statement) -> EffectRow {
        var value: EffectRecord?
        if !row.isNull(4) {
            value = row.text(5).map { .sealed(SealedSecret(key: $0, bytes: row.bytes(4))) } ?? .plain(row.bytes(4))
        }
        return EffectRow(
            // A state that nobody knows is one that nobody knows the end of.
            state: EffectState(rawValue: Int(row.integer(0))) ?? .intended, argument: row.bytes(1), policy: row.text(2) ?? "",
            isSecret: row.integer(3) != 0, value: value, since: Timestamp(milliseconds: row.integer(6)),
            changed: Timestamp(milliseconds: row.integer(7)), fence: row.integer(8), run: row.integer(9))
    }

    static func write(_ row: EffectRow, for effect: EffectName, in turn: Turn) throws {
        let write = turn.statements.writeEffect
        bind(effect, to: write)
        write.bind(4, row.state.rawValue)
        write.bind(5, row.argument)
        write.bind(6, row.policy)
        write.bind(7, row.isSecret ? 1 : 0)
        switch row.value {
        case .plain(let bytes):
            write.bind(8, bytes)
            write.bind(9, nil as String?)
        case .sealed(let sealed):
            write.bind(8, sealed.bytes)
            write.bind(9, sealed.key)
        case nil:
            write.bind(8, nil as Int64?)
            write.bind(9, nil as String?)
        }
        write.bind(10, row.since.milliseconds)
        write.bind(11, row.changed.milliseconds)
        write.bind(12, row.fence)
        write.bind(13, row.run)
        try write.run()
    }

    static func drop(_ effect: EffectName, in turn: Turn) throws {
        let drop = turn.statements.dropEffect
        bind(effect, to: drop)
        try drop.run()
    }

    private static func bind(_ effect: EffectName, to statement: Statement) {
        effect.event.withBytes { statement.bind(1, $0) }
        statement.bind(2, effect.name)
        statement.bind(3, effect.key)
    }
}
