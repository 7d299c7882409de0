// SPDX-License-Identifier: Apache-2.0

internal import Testing

@testable internal import FlotillaRuntime

@Suite struct VariableNamesTests {
    private var names: VariableNames {
        var names = VariableNames(Variable.all.map(\.name))
        names.know(["FLOTILLA_HOOK_GITHUB_SECRET", "FLOTILLA_HOOK_GITHUB_URL", "FLOTILLA_HOOK_EU"])
        return names
    }

    @Test(
        "A name within two edits of a known one is misspelt, and the right one is told",
        arguments: [
            ("FLOTILLA_BROKR", "FLOTILLA_BROKER"), ("FLOTILLA_BORKER", "FLOTILLA_BROKER"), ("FLOTILLA_BROCKERS", "FLOTILLA_BROKER"),
            ("FLOTILLA_HOOK", "FLOTILLA_HOOKS"), ("FLOTILLA_STORE_FIEL", "FLOTILLA_STORE_FILE"),
            ("FLOTILLA_STOR_FILE", "FLOTILLA_STORE_FILE"),
            ("FLOTILLA_DRAIN_SECOND", "FLOTILLA_DRAIN_SECONDS"), ("FLOTILLA_LOGS", "FLOTILLA_LOG"),
            ("FLOTILLA_HOOK_GITHUB_SECRETS", "FLOTILLA_HOOK_GITHUB_SECRET"),
            ("FLOTILLA_HOOK_GITHBU_URL", "FLOTILLA_HOOK_GITHUB_URL"),
            ("FLOTILLA_HOOK_GITHUB_SECRT_FILE", "FLOTILLA_HOOK_GITHUB_SECRET_FILE"),
            ("FLOTILA_BROKER", "FLOTILLA_BROKER"), ("FLOTILLA_broker", nil), ("FLOTILLA_FILE", "FLOTILLA_FILES"),
        ])
    func misspelt(name: String, right: String?) {
        #expect(names.verdict(on: name) == right.map { .misspelt($0) } ?? .unknown)
    }

    @Test(
        "Known names, files of known names, names of others and those of Kubernetes are fine",
        arguments: [
            "FLOTILLA_BROKER", "FLOTILLA_BROKER_FILE", "FLOTILLA_HOOK_GITHUB_URL", "FLOTILLA_HOOK_GITHUB_SECRET_FILE", "OTEL_SERVICE_NAME",
            "OTEL_SERVICE_NAMES",
            "PATH", "FOO", "FLOTILLA_INGRESS_SERVICE_HOST", "FLOTILLA_INGRESS_SERVICE_PORT", "FLOTILLA_INGRESS_SERVICE_PORT_HTTP",
            "FLOTILLA_PORT",
            "FLOTILLA_INGRESS_PORT_8080_TCP_ADDR", "FLOTILLA_LOG_PORT",
        ])
    func fine(name: String) {
        #expect(names.verdict(on: name) == .fine)
    }

    @Test(
        "Any other name of ours is unknown, and so is one that goes on where a hook's name ends",
        arguments: ["FLOTILLA_TIDE_TABLE", "FLOTILLA_HOOK_GITHUB_AUDIENCE", "FLOTILLA_HOOK_EU_X", "FLOTILLA_"])
    func unknown(name: String) {
        #expect(names.verdict(on: name) == .unknown)
    }

    @Test("Names that another program reads are its own business")
    func foreign() {
        var names = VariableNames(Variable.all.map(\.name))
        #expect(names.verdict(on: "FLOTILLA_HOOK_GITHUB_SECRET") == .unknown)
        names.leave(prefix: "FLOTILLA_HOOK_")
        #expect(names.verdict(on: "FLOTILLA_HOOK_GITHUB_SECRET") == .fine)
        #expect(names.verdict(on: "FLOTILLA_HOOK") == .misspelt("FLOTILLA_HOOKS"))
    }

    @Test("A misspelt name is a fault, an unknown one a warning")
    func finish() throws {
        var good = Configuration(environment: ["FLOTILLA_TIDE_TABLE": "SEEN"])
        let warnings = try good.finish()
        #expect(warnings == ["FLOTILLA_TIDE_TABLE is not a variable of Flotilla, and is ignored"])
        var bad = Configuration(environment: ["FLOTILLA_LISTNE": "SEEN"])
        bad.know(["FLOTILLA_HOOK_A_URL"])
        let fault = ConfigurationFault("FLOTILLA_LISTNE", "is not a variable of Flotilla: did you mean FLOTILLA_LISTEN?")
        #expect(throws: ConfigurationFaults([fault])) { _ = try bad.finish() }
    }

    @Test(
        "Edits are counted as a person makes them",
        arguments: [
            ("", "", 0), ("abc", "abc", 0), ("abc", "acb", 1), ("abc", "ab", 1), ("abc", "xabc", 1), ("abc", "axc", 1), ("abcd", "badc", 2),
            ("abc", "cba", 2), ("abc", "xyz", nil), ("abc", "abcdef", nil),
        ])
    func distance(left: String, right: String, expected: Int?) {
        #expect(Spelling.distance(Array(left.utf8), Array(right.utf8), limit: 2) == expected)
        #expect(Spelling.distance(Array(right.utf8), Array(left.utf8), limit: 2) == expected)
    }

    @Test("No two variables of the table are so near each other that one is taken for the other's misspelling by chance")
    func table() {
        let names = Variable.all.map(\.name)
        #expect(Set(names).count == names.count)
        let found = VariableNames(names)
        for name in names { #expect(found.verdict(on: name) == .fine) }
    }
}

@Suite struct QuantityTests {
    @Test(
        "Times are written with a unit, or are seconds",
        arguments: [
            ("25", 25_000), ("1.5", 1500), ("500ms", 500), ("15m", 900_000), ("36h", 129_600_000), ("7d", 604_800_000),
            ("1 w", 604_800_000), ("0", 0),
            ("", nil), ("s", nil), ("-1", nil), ("1.2.3", nil), (".5", nil), ("5x", nil), ("1e3", nil), ("99999999999999999w", nil),
            ("1234567890123456789", nil), ("٣", nil),
        ] as [(String, Int?)])
    func durations(text: String, milliseconds: Int?) {
        #expect(Quantity.duration(text) == milliseconds.map { .milliseconds($0) })
    }

    @Test(
        "Sizes are written with a unit, or are bytes",
        arguments: [
            ("1", 1), ("64KiB", 65536), ("64kb", 64000), ("1.5 MB", 1_500_000), ("50GB", 50_000_000_000), ("2GiB", 2_147_483_648),
            ("1TB", 1_000_000_000_000),
            ("", nil), ("GB", nil), ("-1", nil), ("5PB", nil), ("9999999TB", nil),
        ] as [(String, Int?)])
    func bytes(text: String, expected: Int?) {
        #expect(Quantity.bytes(text) == expected)
    }
}

@Suite struct VariableHelpTests {
    @Test("Help stands in columns, and long meanings go on below their own")
    func columns() {
        let help = VariableHelp.help(
            for: [
                Variable("FLOTILLA_A", default: "1", "short"),
                Variable("FLOTILLA_LONG", "a meaning that is longer than the thirty columns it gets"),
            ], width: 40)
        #expect(
            help == """
                  FLOTILLA_A     1  short
                  FLOTILLA_LONG  -  a meaning that is longer than
                                    the thirty columns it gets

                """)
    }
}
