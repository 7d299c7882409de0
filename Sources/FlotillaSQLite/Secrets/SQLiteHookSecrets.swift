// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel

/// The HookSecrets port on a file. Its statements are prepared when they are needed: handshakes are rare.
package struct SQLiteHookSecrets: HookSecrets {
    private let file: SQLiteFile

    package init(_ file: SQLiteFile) {
        self.file = file
    }

    package func put(_ secret: HookSecret) async throws -> Bool {
        try await file.write { turn in
            try turn.database.once("INSERT INTO hook_secret VALUES (?1, ?2, ?3, ?4) ON CONFLICT (hook) DO NOTHING") { add in
                add.bind(1, secret.hook)
                add.bind(2, secret.since.milliseconds)
                add.bind(3, secret.sealed.key)
                add.bind(4, secret.sealed.bytes)
                try add.run()
            }
            return turn.database.changes == 1
        }
    }

    package func secret(of hook: String) async throws -> HookSecret? {
        try await file.read { turn in
            try turn.database.once("SELECT hook, since, key, sealed FROM hook_secret WHERE hook = ?1") { find in
                find.bind(1, hook)
                return try find.row(Self.read)
            }
        }
    }

    package func all() async throws -> [HookSecret] {
        try await file.read { turn in
            try turn.database.once("SELECT hook, since, key, sealed FROM hook_secret ORDER BY hook") { try $0.rows(Self.read) }
        }
    }

    package func forget(_ secret: HookSecret) async throws -> Bool {
        try await file.write { turn in
            try turn.database.once("DELETE FROM hook_secret WHERE hook = ?1 AND key = ?2 AND sealed = ?3") { drop in
                drop.bind(1, secret.hook)
                drop.bind(2, secret.sealed.key)
                drop.bind(3, secret.sealed.bytes)
                try drop.run()
            }
            return turn.database.changes == 1
        }
    }

    private static func read(_ row: Statement) -> HookSecret {
        HookSecret(
            hook: row.text(0) ?? "", sealed: SealedSecret(key: row.text(2) ?? "", bytes: row.bytes(3)),
            since: Timestamp(milliseconds: row.integer(1)))
    }
}
