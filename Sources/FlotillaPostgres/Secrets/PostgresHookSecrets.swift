// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel

/// The HookSecrets port on PostgreSQL.
package struct PostgresHookSecrets: HookSecrets {
    private let store: PostgresStore

    package init(_ store: PostgresStore) {
        self.store = store
    }

    package func put(_ secret: HookSecret) async throws -> Bool {
        let put = Query(
            "secret_put",
            """
            INSERT INTO hook_secret (hook, key, sealed, since) VALUES ($1::text, $2::text, $3::bytea, $4::timestamptz)
            ON CONFLICT (hook) DO NOTHING
            """)
        let sealed = secret.sealed
        return try await store.ask(put(.text(secret.hook), .text(sealed.key), .bytes(sealed.bytes), .time(secret.since))).affected == 1
    }

    package func secret(of hook: String) async throws -> HookSecret? {
        let find = Query("secret_of", "SELECT hook, since, key, sealed FROM hook_secret WHERE hook = $1::text")
        return try await store.ask(find(.text(hook))).first.map(Self.read)
    }

    package func all() async throws -> [HookSecret] {
        // By their bytes, whatever the database's language is.
        let list = Query("secret_all", "SELECT hook, since, key, sealed FROM hook_secret ORDER BY hook COLLATE \"C\"")
        return try await store.ask(list()).map(Self.read)
    }

    package func forget(_ secret: HookSecret) async throws -> Bool {
        let forget = Query("secret_forget", "DELETE FROM hook_secret WHERE hook = $1::text AND key = $2::text AND sealed = $3::bytea")
        return try await store.ask(forget(.text(secret.hook), .text(secret.sealed.key), .bytes(secret.sealed.bytes))).affected == 1
    }

    private static func read(_ row: Row) -> HookSecret {
        HookSecret(
            hook: row.text(0) ?? "", sealed: SealedSecret(key: row.text(2) ?? "", bytes: row.bytes(3)),
            since: row.time(1) ?? Timestamp(microseconds: 0))
    }
}
