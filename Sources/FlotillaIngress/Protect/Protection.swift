// SPDX-License-Identifier: Apache-2.0

package import FlotillaHTTP
package import FlotillaRuntime

/// What stands guard before all hooks, as the configuration says it. Without anything, nobody is stopped.
package struct Protection: Sendable {
    /// How much of what is refused one network may send; as much as it likes when there is none.
    package var flood: Rate?
    package var proxies: TrustedProxies
    /// The bytes of bodies that one hook may hold, so that a busy one leaves room for the others.
    package var hookBytes: Int

    package init(flood: Rate? = nil, proxies: TrustedProxies = TrustedProxies(), hookBytes: Int = .max) {
        self.flood = flood
        self.proxies = proxies
        self.hookBytes = hookBytes
    }
}
