// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel

/// The port that keeps the secrets that providers hand over in a handshake: at most one for each hook, sealed by the vault before it
/// comes here.
///
/// - **Once**: of all who put a secret for one hook, in any process of the store, one is told that it is kept. A kept secret is never
///   replaced; only `forget` makes room for another.
/// - **Durable**: what `put` promised is there after a crash, and seen by every process that asks from then on.
/// - **Threading**: called from many tasks at once.
/// - **Failure**: a store that is away makes calls throw. A `put` that threw may still have been kept: ask again.
package protocol HookSecrets: Sendable {
    /// True when it is kept now; false when the hook had one before, whatever it is.
    func put(_ secret: HookSecret) async throws -> Bool

    func secret(of hook: String) async throws -> HookSecret?

    /// All of them, by the names of their hooks.
    func all() async throws -> [HookSecret]

    /// Removes this very one: false when it is not there, and when another has taken its place.
    func forget(_ secret: HookSecret) async throws -> Bool
}

/// A secret that a hook was given.
package struct HookSecret: Sendable, Equatable {
    package let hook: String
    package let sealed: SealedSecret
    /// When it was handed over.
    package let since: Timestamp

    package init(hook: String, sealed: SealedSecret, since: Timestamp) {
        self.hook = hook
        self.sealed = sealed
        self.since = since
    }
}
