// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import FlotillaRuntime
internal import Testing

private enum Level: String, CaseIterable { case debug, info, error }

@Suite struct ConfigurationTests {
    private let number = Variable("FLOTILLA_NUMBER", default: "7", "a number")
    private let bare = Variable("FLOTILLA_BARE", "something without a default")

    private func configuration(_ environment: [String: String]) -> Configuration {
        Configuration(environment: environment, known: Variable.all + [number, bare])
    }

    @Test("What is not set, or empty, is what the table says", arguments: [[:], ["FLOTILLA_NUMBER": "", "FLOTILLA_BARE": ""]])
    func defaults(environment: [String: String]) throws {
        var configuration = configuration(environment)
        let fromTable = configuration.integer(number, in: 1...10)
        #expect(fromTable == 7)
        let fromCaller = configuration.integer(number, in: 1...10, default: 3)
        #expect(fromCaller == 3)
        let text = configuration.text(bare)
        #expect(text == nil)
        let secret = configuration.secret(bare)
        #expect(secret == nil)
        let list = configuration.list(bare)
        #expect(list == [])
        let pause = configuration.duration(bare, in: .zero ... .seconds(9), default: .seconds(2))
        #expect(pause == .seconds(2))
        let drain = configuration.duration(.drainSeconds, in: .zero ... .seconds(600))
        #expect(drain == .seconds(25))
        let body = configuration.bytes(.maxBodyBytes, in: 1...Int.max)
        #expect(body == 16_777_216)
        let address = configuration.parsed(.listen, expected: "x") { $0 }
        #expect(address == "127.0.0.1:8080")
        let nothing = configuration.parsed(bare, expected: "x") { $0 }
        #expect(nothing == nil)
        let level = configuration.choice(.log, standIn: Level.error)
        #expect(level == .info)
        let journal = configuration.flag(.journal)
        #expect(journal)
        let warnings = try configuration.finish()
        #expect(warnings == [])
    }

    @Test("What is set is read by its kind")
    func kinds() throws {
        var configuration = configuration([
            "FLOTILLA_NUMBER": " 10 ", "FLOTILLA_DRAIN_SECONDS": "1.5", "FLOTILLA_MAX_BODY_BYTES": "64KiB", "FLOTILLA_LISTEN": "[::1]:0",
            "FLOTILLA_LOG": "debug", "FLOTILLA_JOURNAL": "OFF", "FLOTILLA_ROUTES": "a>b, c>d,,", "FLOTILLA_LOG_SINKS": "file:a,b  file:c",
            "FLOTILLA_BARE": "x=y=z",
        ])
        let whole = configuration.integer(number, in: 1...10)
        #expect(whole == 10)
        let drain = configuration.duration(.drainSeconds, in: .zero ... .seconds(600))
        #expect(drain == .milliseconds(1500))
        let body = configuration.bytes(.maxBodyBytes, in: 1...Int.max)
        #expect(body == 65536)
        let address = configuration.parsed(.listen, expected: "x") { $0.uppercased() }
        #expect(address == "[::1]:0")
        let level = configuration.choice(.log, standIn: Level.error)
        #expect(level == .debug)
        let journal = configuration.flag(.journal)
        #expect(!journal)
        let routes = configuration.list(.routes)
        #expect(routes == ["a>b", "c>d"])
        let sinks = configuration.words(.logSinks)
        #expect(sinks == ["file:a,b", "file:c"])
        let text = configuration.text(bare)
        #expect(text == "x=y=z")
        let warnings = try configuration.finish()
        #expect(warnings == [])
    }

    @Test("All faults are reported together, by name, and never with the value")
    func faults() throws {
        var configuration = configuration([
            "FLOTILLA_NUMBER": "SEEN11", "FLOTILLA_DRAIN_SECONDS": "SEEN", "FLOTILLA_MAX_BODY_BYTES": "9SEEN", "FLOTILLA_LISTEN": "SEEN",
            "FLOTILLA_LOG": "SEEN", "FLOTILLA_JOURNAL": "SEEN", "FLOTILLA_KEYS": "[SEEN 1]",
        ])
        _ = configuration.integer(number, in: 1...10)
        _ = configuration.integer(number, in: 1...10)
        _ = configuration.duration(.drainSeconds, in: .zero ... .seconds(600))
        _ = configuration.bytes(.maxBodyBytes, in: 1...10)
        let address = configuration.parsed(.listen, expected: "an address") { _ in Int?.none }
        #expect(address == nil)
        _ = configuration.choice(.log, standIn: Level.error)
        _ = configuration.flag(.journal)
        _ = configuration.secrets("FLOTILLA_KEYS")
        _ = configuration.integer(bare, in: 1...2)
        let thrown = #expect(throws: ConfigurationFaults.self) { _ = try configuration.finish() }
        let faults = try #require(thrown)
        #expect(
            faults.faults.map(\.name) == [
                "FLOTILLA_NUMBER", "FLOTILLA_DRAIN_SECONDS", "FLOTILLA_MAX_BODY_BYTES", "FLOTILLA_LISTEN", "FLOTILLA_LOG",
                "FLOTILLA_JOURNAL",
                "FLOTILLA_KEYS", "FLOTILLA_BARE",
            ])
        #expect(!faults.description.contains("SEEN"))
        #expect(faults.description.contains("FLOTILLA_NUMBER must be a whole number from 1 to 10\n"))
        #expect(faults.description.contains("FLOTILLA_LOG must be one of debug, info, error"))
        #expect(faults.description.contains("FLOTILLA_BARE is not set: it must be a whole number from 1 to 2"))
        #expect(ConfigurationFaults.exitStatus == 78)
    }

    @Test(
        "Numbers outside their range, or not quite numbers, are faults",
        arguments: ["0", "11", "-1", "1.0", "1e1", "0x5", "", "7 7", "٣", "99999999999999999999"])
    func range(text: String) {
        var configuration = configuration(["FLOTILLA_BARE": text])
        _ = configuration.integer(bare, in: 1...10)
        #expect(throws: ConfigurationFaults.self) { _ = try configuration.finish() }
    }

    @Test(
        "Several secrets are words, or a JSON array when one holds a space",
        arguments: [
            ("one", ["one"]), (" new \n old ", ["new", "old"]), (#"["a b","c"]"#, ["a b", "c"]), ("[x", ["[x"]),
            (#"["x\u0020y"]"#, ["x y"]),
        ])
    func secrets(text: String, expected: [String]) throws {
        var configuration = configuration(["FLOTILLA_BARE": text])
        let secrets = configuration.secrets("FLOTILLA_BARE")
        #expect(secrets.map { $0.expose() } == expected)
        let warnings = try configuration.finish()
        #expect(warnings == [])
    }

    @Test("A JSON array of secrets with something else in it is a fault", arguments: [#"["a", 1]"#, #"["a", ""]"#, "[ ]", #"["a" "b"]"#])
    func badSecrets(text: String) {
        var configuration = configuration(["FLOTILLA_BARE": text])
        _ = configuration.secrets("FLOTILLA_BARE")
        #expect(throws: ConfigurationFaults.self) { _ = try configuration.finish() }
    }

    @Test("This process's environment is what it was started with")
    func process() {
        #expect(Configuration.processEnvironment()["PATH"]?.isEmpty == false)
    }
}
