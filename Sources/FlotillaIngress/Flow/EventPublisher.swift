// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel

/// Where the ingress puts its events: the broker, seen from here.
package protocol EventPublisher: Sendable {
    /// Calls `end` once, from any thread: with success only when every event is routed and confirmed; otherwise some of them may be
    /// published all the same. Called from many threads at once. The ingress stops waiting when the provider's patience ends, but takes
    /// nothing back.
    func publish(_ events: [Event], then end: @escaping @Sendable (Result<Void, any Error>) -> Void)
}
