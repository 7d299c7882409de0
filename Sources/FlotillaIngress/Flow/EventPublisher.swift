// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel

/// Where the ingress puts its events: the broker, seen from here.
package protocol EventPublisher: Sendable {
    /// Returns only when every event is routed and confirmed, and throws otherwise; some of them may then be published all the same.
    /// Called from many tasks at once. The ingress stops waiting when the provider's patience ends, but does not cancel the call.
    func publish(_ events: [Event]) async throws
}
