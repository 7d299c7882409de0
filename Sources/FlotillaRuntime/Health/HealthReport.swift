// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel

/// All checks at one moment, and what follows from them.
package struct HealthReport: Sendable, Equatable {
    package let checks: [HealthCheck]

    package init(checks: [HealthCheck]) {
        self.checks = checks
    }

    package enum Verdict: String, Sendable {
        case starting, ready, failing, draining
    }

    /// Draining outweighs all else, then failing, then starting. A process that has no checks yet is starting.
    package var verdict: Verdict {
        if checks.contains(where: { $0.state == .draining }) { return .draining }
        if checks.contains(where: { if case .failing = $0.state { true } else { false } }) { return .failing }
        if checks.isEmpty || checks.contains(where: { $0.state == .starting }) { return .starting }
        return .ready
    }

    package var isReady: Bool { verdict == .ready }

    /// `{"status":"failing","checks":[{"name":"broker","state":"failing","reason":"…"},…]}`
    package var json: JSONValue {
        .object(["status": .string(verdict.rawValue), "checks": .array(checks.map(\.json))])
    }
}

extension HealthCheck {
    fileprivate var json: JSONValue {
        let (state, reason): (String, String?) =
            switch state {
            case .starting: ("starting", nil)
            case .ready: ("ready", nil)
            case .warning(let reason): ("warning", reason)
            case .failing(let reason): ("failing", reason)
            case .draining: ("draining", nil)
            }
        var members = [JSONMember("name", .string(name)), JSONMember("state", .string(state))]
        if let reason { members.append(JSONMember("reason", .string(reason))) }
        return .object(members)
    }
}
