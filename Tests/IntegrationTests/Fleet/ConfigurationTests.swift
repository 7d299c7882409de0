// SPDX-License-Identifier: Apache-2.0

internal import Testing

/// What a fleet says to a configuration that can't be meant, and that it says nothing which must stay secret.
@Suite struct ConfigurationTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let environment: [String: String]
        let faults: [String]
        var testDescription: String { environment.keys.sorted().joined(separator: " ") }

        init(_ environment: [String: String], _ faults: String...) {
            self.environment = environment
            self.faults = faults
        }
    }

    /// In every value that may hold a secret.
    static let secret = "kept-from-everybody"

    static let cases = [
        Case(["FLOTILLA_HOKS": "github"], "FLOTILLA_HOKS is not a variable of Flotilla: did you mean FLOTILLA_HOOKS?"),
        Case(
            ["FLOTILLA_HOOKS": "github", "FLOTILLA_HOOK_GITHUB_SECRT": secret],
            "FLOTILLA_HOOK_GITHUB_SECRT is not a variable of Flotilla: did you mean FLOTILLA_HOOK_GITHUB_SECRET?",
            "FLOTILLA_HOOK_GITHUB_SECRET must hold the secret of the hook github"),
        Case(
            ["FLOTILLA_HOOKS": "github", "FLOTILLA_HOOK_GITHUB_SECRET": secret, "FLOTILLA_HOOK_GITHUB_SECRET_FILE": "secret"],
            "FLOTILLA_HOOK_GITHUB_SECRET and FLOTILLA_HOOK_GITHUB_SECRET_FILE are both set"),
        Case(
            ["FLOTILLA_HOOKS": "github", "FLOTILLA_HOOK_GITHUB_SECRET_FILE": "not-there"],
            "FLOTILLA_HOOK_GITHUB_SECRET_FILE must name a readable file"),
        Case(["FLOTILLA_HOOKS": "github"], "FLOTILLA_HOOK_GITHUB_SECRET must hold the secret of the hook github"),
        Case(
            ["FLOTILLA_HOOKS": "shop=shopless", "FLOTILLA_HOOK_SHOP_SECRET": secret],
            "FLOTILLA_HOOKS must name a known provider for the hook shop: github, gitlab-token, "),
        Case(
            ["FLOTILLA_HOOKS": "a-b=github,a_b=github", "FLOTILLA_HOOK_A_B_SECRET": secret],
            "FLOTILLA_HOOKS must not name hooks that differ only in - and _: a-b and a_b"),
        Case(["FLOTILLA_HOOKS": "shop=standard-webhooks", "FLOTILLA_HOOK_SHOP_SECRET": secret], "FLOTILLA_HOOK_SHOP_SECRET "),
        Case(["FLOTILLA_LEDGER_DAYS": "6"], "FLOTILLA_LEDGER_DAYS must be at least 7"),
        Case(["FLOTILLA_LEDGER_DAYS": "14", "FLOTILLA_JOURNAL": "30d"], "FLOTILLA_LEDGER_DAYS must be at least 30"),
        Case(["FLOTILLA_ROUTES": "github.#"], "FLOTILLA_ROUTES must be routes of the form pattern>worker"),
        Case(["FLOTILLA_ROUTES": "git#hub>log-sink"], "FLOTILLA_ROUTES must be routes of the form pattern>worker"),
        Case(["FLOTILLA_ROUTES": "github.#>nobody"], "FLOTILLA_ROUTES must lead to a worker of this process: log-sink; nobody is none"),
        Case(["FLOTILLA_LISTEN": "localhost"], "FLOTILLA_LISTEN must be an address and a port"),
        Case(["FLOTILLA_ADMIN": "127.0.0.1:99999"], "FLOTILLA_ADMIN must be an address and a port"),
        Case(
            ["FLOTILLA_BROKER": "amqp://fleet:\(secret)@127.0.0.1:none/fleet"],
            "FLOTILLA_BROKER must name its hosts as host or host:port"),
        Case(
            ["FLOTILLA_BROKER": "amqp://fleet:\(secret)@\(secret)/fleet@127.0.0.1"],
            "FLOTILLA_BROKER must write @ / ? # and % in a user's name or password as %40 %2F %3F %23 %25"),
        Case(["FLOTILLA_PREFIX": "Shop/"], "FLOTILLA_PREFIX must be at most 60 of a-z 0-9"),
        Case(
            ["FLOTILLA_STORE": "postgres://fleet:\(secret)@\(secret)@127.0.0.1/fleet"],
            "FLOTILLA_STORE must write @ / ? # and % in a user's name or password as %40 %2F %3F %23 %25"),
        Case(
            ["FLOTILLA_STORE": "postgres://fleet:\(secret)@127.0.0.1/fleet?sslmode=sometimes"],
            "FLOTILLA_STORE must have one of disable, allow, prefer, require, verify-ca, verify-full as its sslmode"),
        Case(
            ["FLOTILLA_LOG_SINKS": "http://fleet:\(secret)@127.0.0.1/"], "FLOTILLA_LOG_SINKS (sink 1) must be of a kind that there is: file"
        ),
        Case(["FLOTILLA_PREFETCH": "2", "FLOTILLA_CONCURRENCY": "8"], "FLOTILLA_PREFETCH must not be less than FLOTILLA_CONCURRENCY"),
        Case(
            ["FLOTILLA_MAX_BODY_BYTES": "2MB", "FLOTILLA_MAX_INFLIGHT_BYTES": "1MiB"],
            "FLOTILLA_MAX_INFLIGHT_BYTES must not be less than FLOTILLA_MAX_BODY_BYTES"),
        Case(["FLOTILLA_CONFIG": "not-there.json"], "FLOTILLA_CONFIG must name a readable file"),
        Case(
            ["FLOTILLA_LOG": "loud", "FLOTILLA_DRAIN_SECONDS": "soon", "FLOTILLA_HOOKS": "github", "FLOTILLA_JOURNAL": "sometimes"],
            "FLOTILLA_LOG must be one of debug, info, notice, warning, error", "FLOTILLA_DRAIN_SECONDS must be a time",
            "FLOTILLA_HOOK_GITHUB_SECRET must hold the secret", "FLOTILLA_JOURNAL must be on, off, or limits"),
    ]

    @Test(
        "every fault of a configuration is told, each with its variable and the remedy, no secret is, and the status is 78",
        arguments: cases)
    func faulty(_ example: Case) async throws {
        try await Place.with { place in
            try place.write(Self.secret + "\n", to: "secret")
            let finished = try await place.run("flotilla", ["up"], example.environment)
            #expect(finished.ending == .exited(78))
            for fault in example.faults {
                #expect(finished.errors.contains(fault), "\(finished.errors)")
            }
            #expect(!finished.errors.contains(Self.secret))
            #expect(finished.output.isEmpty)
            // Nothing is begun by a configuration that is not sound.
            #expect(!place.exists("var"))
        }
    }

    @Test("faults of a configuration end a command with 78, too")
    func command() async throws {
        try await Place.with { place in
            let finished = try await place.run("flotilla", ["queues"], ["FLOTILLA_BROKER": "nonsense", "FLOTILLA_JOURNAL": "sometimes"])
            #expect(finished.ending == .exited(78))
            #expect(finished.errors.contains("FLOTILLA_BROKER must be a URL"))
            #expect(finished.errors.contains("FLOTILLA_JOURNAL must be on, off, or limits"))
        }
    }

    @Test("a variable of a later version is a warning in the log, and nothing more")
    func unknown() async throws {
        try await Fleet.with(["FLOTILLA_FROM_THE_FUTURE": "yes"]) { fleet in
            let child = try await fleet.up()
            #expect(child.errors.contains("FLOTILLA_FROM_THE_FUTURE is not a variable of Flotilla, and is ignored"))
        }
    }
}
