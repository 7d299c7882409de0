// SPDX-License-Identifier: Apache-2.0

/// An endpoint as the door knows it: what admits a request's head keeps it to the end of its body, whatever is configured meanwhile.
final class Entrance: Sendable {
    let endpoint: any Endpoint

    init(_ endpoint: any Endpoint) {
        self.endpoint = endpoint
    }
}
