// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine

/// Where the secrets of hooks are kept, and what seals them.
package struct HookVault: Sendable {
    let store: any HookSecrets
    let vault: Vault

    package init(store: any HookSecrets, vault: Vault) {
        self.store = store
        self.vault = vault
    }
}
