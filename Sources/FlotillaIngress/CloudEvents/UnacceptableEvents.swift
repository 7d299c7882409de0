// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel

/// Why a request of CloudEvents is refused. What it says names attributes at most, never their values.
struct UnacceptableEvents: Error, Equatable {
    let status: Int
    let why: String

    init(_ why: String, status: Int = 400) {
        self.status = status
        self.why = why
    }

    init(_ rule: InvalidEvent) {
        self.init(rule.description)
    }

    init(_ failure: UnreadableEvent) {
        if case .tooMany = failure { self.init(failure.description, status: 413) } else { self.init(failure.description) }
    }
}
