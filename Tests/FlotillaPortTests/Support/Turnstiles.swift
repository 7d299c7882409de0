// SPDX-License-Identifier: Apache-2.0

import TestSupport

extension Turnstile {
    /// Every open file has a doorbell, and Linux gives a user 128 of them.
    static let files = Turnstile(places: 8)
    /// Every fleet on the test broker is a dozen replicated queues.
    static let fleets = Turnstile(places: 4)
    /// A node of RabbitMQ keeps a core busy for ten seconds until it answers.
    static let boots = Turnstile(places: 2)
    /// Every process on the test server has some connections.
    static let databases = Turnstile(places: 8)
}
