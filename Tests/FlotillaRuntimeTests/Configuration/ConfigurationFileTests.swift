// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import FlotillaRuntime
internal import TestSupport
internal import Testing

@Suite struct ConfigurationFileTests {
    private func faults(_ configuration: inout Configuration) -> [String] {
        do throws(ConfigurationFaults) {
            _ = try configuration.finish()
            return []
        } catch {
            return error.faults.map(\.description)
        }
    }

    @Test(
        "A value may come from a file, without its last line's end",
        arguments: [
            ("s3cret\n", "s3cret"), ("s3cret\r\n", "s3cret"), ("s3cret", "s3cret"), ("a\n\n", "a\n"), (" a ", " a "), ("\n", nil),
            ("", nil),
        ])
    func file(content: String, expected: String?) throws {
        let folder = try Folder()
        var configuration = Configuration(environment: ["FLOTILLA_KEYS_FILE": try folder.write(content, to: "keys")])
        let secret = configuration.secret(.keys)
        #expect(secret?.expose() == expected)
        #expect(configuration.isSet(.keys))
        #expect(faults(&configuration) == [])
    }

    @Test("A variable and its file together are a fault")
    func both() throws {
        let folder = try Folder()
        var configuration = Configuration(environment: [
            "FLOTILLA_KEYS": "SEEN", "FLOTILLA_KEYS_FILE": try folder.write("SEEN", to: "keys"),
        ])
        _ = configuration.secret(.keys)
        #expect(faults(&configuration) == ["FLOTILLA_KEYS and FLOTILLA_KEYS_FILE are both set: only one of them can be right"])
    }

    @Test("A file that is away, too large or not text is a fault that names the variable")
    func unreadable() throws {
        let folder = try Folder()
        let cases: [(String, String)] = [
            (folder.path + "/none", "must name a readable file: it can't be read: No such file or directory"),
            (folder.path, "must name a readable file: it can't be read: Is a directory"),
            ("/dev/zero", "must name a readable file: it is larger than 4194304 bytes"),
            (try folder.write([0xE9], to: "latin1"), "must name a file of UTF-8 text"),
        ]
        for (path, remedy) in cases {
            var configuration = Configuration(environment: ["FLOTILLA_KEYS_FILE": path])
            let first = configuration.secret(.keys)
            #expect(first == nil)
            let again = configuration.secret(.keys)
            #expect(again == nil)
            #expect(faults(&configuration) == ["FLOTILLA_KEYS_FILE " + remedy])
        }
        var number = Configuration(environment: ["FLOTILLA_DRAIN_SECONDS_FILE": folder.path + "/none"])
        _ = number.duration(.drainSeconds, in: .zero ... .seconds(9))
        #expect(faults(&number).count == 1)
    }

    @Test("The configuration file's sections are handed out, and their readers' faults name the place")
    func sections() throws {
        let folder = try Folder()
        let path = try folder.write(#"{"hooks":{"github":{"provider":"github"}},"routes":[],"workers":{}}"#, to: "flotilla.json")
        var configuration = Configuration(environment: ["FLOTILLA_CONFIG": path])
        #expect(configuration.section("hooks")?["github"]?["provider"]?.string == "github")
        #expect(configuration.section("none") == nil)
        configuration.fault(configuration.place(of: "hooks.github.secrets"), "must be an array of strings")
        #expect(faults(&configuration) == ["\(path): hooks.github.secrets must be an array of strings"])
    }

    @Test(
        "A configuration file that is no JSON object with known sections is a fault that names the file",
        arguments: [
            ("{", ["PATH must be a JSON document: the JSON ends too early"]), ("[]", ["PATH must hold a JSON object"]),
            (#"{"hook":{},"routes":[]}"#, ["PATH: hook is not a section: there are hooks, routes, workers"]),
        ])
    func badFile(content: String, expected: [String]) throws {
        let folder = try Folder()
        let path = try folder.write(content, to: "flotilla.json")
        var configuration = Configuration(environment: ["FLOTILLA_CONFIG": path])
        #expect(faults(&configuration) == expected.map { $0.replacing("PATH", with: path) })
    }

    @Test("A configuration file that is away is a fault")
    func noFile() throws {
        var configuration = Configuration(environment: ["FLOTILLA_CONFIG": "/nowhere/flotilla.json"])
        #expect(
            faults(&configuration) == [
                "FLOTILLA_CONFIG must name a readable file: /nowhere/flotilla.json can't be read: No such file or directory"
            ])
    }
}
