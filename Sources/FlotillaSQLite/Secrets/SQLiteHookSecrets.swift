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
        try await changeOne(
            "INSERT INTO hook_secret (hook, key, sealed, since) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (hook) DO NOTHING", secret
        ) {
            $0.bind(4, secret.since.milliseconds)
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
        try await changeOne("DELETE FROM hook_secret WHERE hook = ?1 AND key = ?2 AND sealed = ?3", secret)
    }

    /// Whether it did. `sql` has the hook, the key and what is sealed for its first parameters.
    private func changeOne(
        _ sql: String, _ secret: HookSecret, with more: @escaping @Sendable (borrowing Statement) -> Void = { _ in }
    ) async throws -> Bool {
        try await file.write { turn in
            try turn.database.once(sql) { change in
                change.bind(1, secret.hook)
                change.bind(2, secret.sealed.key)
                change.bind(3, secret.sealed.bytes)
                more(change)
                try change.run()
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
