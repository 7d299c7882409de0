// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import Foundation
import Testing

@Suite struct HookConfigurationTests {
    static let whsec = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    /// Reads the hooks of an environment, and of a configuration file where one is given.
    static func read(_ environment: [String: String], file: String? = nil) throws -> (hooks: HookTable, faults: [ConfigurationFault]) {
        var environment = environment
        let path = FileManager.default.temporaryDirectory.appending(path: "flotilla-hooks-\(UUID().uuidString).json").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        if let file {
            try Data(file.utf8).write(to: URL(filePath: path))
            environment["FLOTILLA_CONFIG"] = path
        }
        var configuration = Configuration(environment: environment)
        let hooks = HookTable(reading: &configuration)
        do throws(ConfigurationFaults) {
            #expect(try configuration.finish().isEmpty)
            return (hooks, [])
        } catch {
            return (hooks, error.faults.map { ConfigurationFault($0.name.replacingOccurrences(of: path, with: "FILE"), $0.remedy) })
        }
    }

    /// Whether the hook accepts what that secret signs.
    static func accepts(_ hook: Hook?, _ secret: String) throws -> Bool {
        let hook = try #require(hook)
        let other = try FlotillaIngressTests.hook(hook.provider.name, secret, name: hook.name)
        return verdict(hook, try WebhookSigner.sign(hook: other, type: "push", body: [1, 2], id: "1", now: seconds(0))) == nil
    }

    @Test("hooks are read from variables, with one secret or several")
    func variables() throws {
        let (hooks, faults) = try Self.read([
            "FLOTILLA_HOOKS": "github, shop-eu=standard-webhooks ,org2=github",
            "FLOTILLA_HOOK_GITHUB_SECRET": "new old",
            "FLOTILLA_HOOK_SHOP_EU_SECRET": Self.whsec,
            "FLOTILLA_HOOK_SHOP_EU_URL": "https://hooks.example.com/hooks/shop-eu",
            "FLOTILLA_HOOK_ORG2_SECRET": #"["It's a Secret to Everybody", "b"]"#,
        ])
        #expect(faults.isEmpty)
        #expect(hooks.all.map(\.name) == ["github", "org2", "shop-eu"])
        #expect(hooks.all.map(\.provider.name) == ["github", "github", "standard-webhooks"])
        #expect(try Self.accepts(hooks["github"], "new"))
        #expect(try Self.accepts(hooks["github"], "old"))
        #expect(try !Self.accepts(hooks["github"], "new old"))
        #expect(try Self.accepts(hooks["org2"], "It's a Secret to Everybody"))
        #expect(try Self.accepts(hooks["shop-eu"], Self.whsec))
    }

    @Test("hooks are read from the file, and variables win over it")
    func file() throws {
        let file = #"""
            {"hooks":{"github":{"provider":"github","secrets":["from the file"]},"shop":{"provider":"standard-webhooks","secrets":["\#(Self.whsec)"]},
            "org2":{"provider":"standard-webhooks","secrets":["from the file"]}}}
            """#
        let (hooks, faults) = try Self.read(
            ["FLOTILLA_HOOKS": "github,org2=github", "FLOTILLA_HOOK_GITHUB_SECRET": "variable"], file: file)
        #expect(faults.isEmpty)
        #expect(hooks.all.map(\.name) == ["github", "org2", "shop"])
        #expect(hooks["org2"]?.provider.name == "github")
        #expect(try Self.accepts(hooks["github"], "variable"))
        #expect(try !Self.accepts(hooks["github"], "from the file"))
        #expect(try Self.accepts(hooks["org2"], "from the file"))
    }

    @Test("no hooks is no fault")
    func none() throws {
        let (hooks, faults) = try Self.read([:])
        #expect(hooks.all.isEmpty && faults.isEmpty)
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let environment: [String: String]
        var file: String?
        let name: String
        let remedy: String

        init(_ testDescription: String, _ environment: [String: String], file: String? = nil, at name: String, _ remedy: String) {
            self.testDescription = testDescription
            self.environment = environment
            self.file = file
            self.name = name
            self.remedy = remedy
        }
    }

    static let rule = "must name each hook by 1 to 64 lower-case letters, digits, - and _, beginning with a letter or a digit"
    static let missing = "must hold the secret of the hook github, or several separated by spaces, newest first"

    static let faulty = [
        Fault(
            "names that differ only in - and _",
            ["FLOTILLA_HOOKS": "shop-eu=github,shop_eu=github", "FLOTILLA_HOOK_SHOP_EU_SECRET": "s"],
            at: "FLOTILLA_HOOKS", "must not name hooks that differ only in - and _: shop-eu and shop_eu"),
        Fault(
            "a name twice", ["FLOTILLA_HOOKS": "github,github", "FLOTILLA_HOOK_GITHUB_SECRET": "s"],
            at: "FLOTILLA_HOOKS", "must name the hook github once"),
        Fault("a name in upper case", ["FLOTILLA_HOOKS": "GitHub"], at: "FLOTILLA_HOOKS", rule),
        Fault("a name with a slash", ["FLOTILLA_HOOKS": "a/b=github"], at: "FLOTILLA_HOOKS", rule),
        Fault("no name", ["FLOTILLA_HOOKS": "=github"], at: "FLOTILLA_HOOKS", rule),
        Fault("a dash first", ["FLOTILLA_HOOKS": "-a=github"], at: "FLOTILLA_HOOKS", rule),
        Fault(
            "an unknown provider", ["FLOTILLA_HOOKS": "door=gitub", "FLOTILLA_HOOK_DOOR_SECRET": "s"],
            at: "FLOTILLA_HOOKS", "must name a known provider for the hook door: did you mean github?"),
        Fault(
            "an unknown provider by the hook's own name", ["FLOTILLA_HOOKS": "gitub", "FLOTILLA_HOOK_GITUB_SECRET": "s"],
            at: "FLOTILLA_HOOKS", "must name a known provider for the hook gitub: did you mean github?"),
        Fault("no secret", ["FLOTILLA_HOOKS": "github"], at: "FLOTILLA_HOOK_GITHUB_SECRET", missing),
        Fault(
            "an empty secret", ["FLOTILLA_HOOKS": "github", "FLOTILLA_HOOK_GITHUB_SECRET": ""],
            at: "FLOTILLA_HOOK_GITHUB_SECRET", missing),
        Fault(
            "a blank secret", ["FLOTILLA_HOOKS": "github", "FLOTILLA_HOOK_GITHUB_SECRET": "  "],
            at: "FLOTILLA_HOOK_GITHUB_SECRET", missing),
        Fault(
            "a secret of another kind",
            ["FLOTILLA_HOOKS": "door=standard-webhooks", "FLOTILLA_HOOK_DOOR_SECRET": "not base64!"],
            at: "FLOTILLA_HOOK_DOOR_SECRET", "is not whsec_ followed by base64 text"),
        Fault(
            "a secret that is too short",
            ["FLOTILLA_HOOKS": "door=standard-webhooks", "FLOTILLA_HOOK_DOOR_SECRET": "whsec_AAAA"],
            at: "FLOTILLA_HOOK_DOOR_SECRET", "does not hold 24 to 64 bytes"),
        Fault("hooks that are a list", [:], file: #"{"hooks":[]}"#, at: "FILE: hooks", "must be an object of hooks by their names"),
        Fault(
            "a hook that is no object", [:], file: #"{"hooks":{"github":"s"}}"#,
            at: "FILE: hooks.github", "must be an object with provider and secrets"),
        Fault(
            "a provider of the file that is unknown", [:], file: #"{"hooks":{"a":{"provider":"nobody","secrets":["s"]}}}"#,
            at: "FILE: hooks.a.provider",
            "must name a known provider for the hook a: \(ProviderTable.all.map(\.name).joined(separator: ", "))"),
        Fault(
            "a setting that there is not", [:], file: #"{"hooks":{"github":{"secret":"s","secrets":["s"]}}}"#,
            at: "FILE: hooks.github.secret", "is not a setting of a hook: did you mean secrets?"),
        Fault(
            "an empty secret in the file", [:], file: #"{"hooks":{"github":{"secrets":["s",""]}}}"#,
            at: "FILE: hooks.github.secrets", "holds an empty secret"),
        Fault(
            "no secrets in the file", [:], file: #"{"hooks":{"github":{"secrets":[]}}}"#,
            at: "FILE: hooks.github.secrets", "must be a list of texts, newest first"),
        Fault(
            "a secret of the file that is no text", [:], file: #"{"hooks":{"github":{"secrets":["s",1]}}}"#,
            at: "FILE: hooks.github.secrets", "must be a list of texts, newest first"),
        Fault(
            "a misspelt variable of a hook",
            ["FLOTILLA_HOOKS": "github", "FLOTILLA_HOOK_GITHUB_SECRET": "s", "FLOTILLA_HOOK_GITHUB_SECERT": "t"],
            at: "FLOTILLA_HOOK_GITHUB_SECERT", "is not a variable of Flotilla: did you mean FLOTILLA_HOOK_GITHUB_SECRET?"),
        Fault(
            "no URL where it is signed", ["FLOTILLA_HOOKS": "square", "FLOTILLA_HOOK_SQUARE_SECRET": "s"],
            at: "FLOTILLA_HOOK_SQUARE_URL", "must be set: the provider signs it"),
        Fault(
            "an option that is needed", ["FLOTILLA_HOOKS": "door=generic-hmac", "FLOTILLA_HOOK_DOOR_SECRET": "s"],
            at: "FLOTILLA_HOOK_DOOR_SIGNATURE_HEADER", "must be set: the header that carries the signature"),
        Fault(
            "an option out of range",
            ["FLOTILLA_HOOKS": "paddle", "FLOTILLA_HOOK_PADDLE_SECRET": "s", "FLOTILLA_HOOK_PADDLE_TOLERANCE_S": "0"],
            at: "FLOTILLA_HOOK_PADDLE_TOLERANCE_S", "must be a whole number from 1 to 2592000"),
        Fault(
            "an option of the file out of range", [:], file: #"{"hooks":{"paddle":{"secrets":["s"],"tolerance_s":"soon"}}}"#,
            at: "FILE: hooks.paddle.tolerance_s", "must be a whole number from 1 to 2592000"),
        Fault(
            "an option that the provider has not", ["FLOTILLA_HOOKS": "github", "FLOTILLA_HOOK_GITHUB_SECRET": "s"],
            file: #"{"hooks":{"github":{"tolerance_s":5}}}"#, at: "FILE: hooks.github.tolerance_s", "is not a setting of a hook"),
        Fault(
            "a misspelt option of the file", [:], file: #"{"hooks":{"paddle":{"secrets":["s"],"tolerence_s":5}}}"#,
            at: "FILE: hooks.paddle.tolerence_s", "is not a setting of a hook: did you mean tolerance_s?"),
        Fault(
            "a misspelt option",
            ["FLOTILLA_HOOKS": "paddle", "FLOTILLA_HOOK_PADDLE_SECRET": "s", "FLOTILLA_HOOK_PADDLE_TOLERENCE_S": "9"],
            at: "FLOTILLA_HOOK_PADDLE_TOLERENCE_S", "is not a variable of Flotilla: did you mean FLOTILLA_HOOK_PADDLE_TOLERANCE_S?"),
    ]

    @Test("what a scheme needs beside its secret is read from variables, and from the file underneath")
    func options() throws {
        let file = #"{"hooks":{"old":{"provider":"generic-hmac","secrets":["s"],"signature_header":"X-Old","tolerance_s":60}}}"#
        let (hooks, faults) = try Self.read(
            [
                "FLOTILLA_PUBLIC_URL": "https://example.com/", "FLOTILLA_HOOKS": "old,square",
                "FLOTILLA_HOOK_OLD_SIGNATURE_HEADER": "X-New",
                "FLOTILLA_HOOK_SQUARE_SECRET": "s",
            ], file: file)
        #expect(faults.isEmpty)
        let signed = try WebhookSigner.sign(hook: #require(hooks["old"]), type: nil, body: utf8("{}"), id: "1", now: seconds(0))
        #expect(signed.head.headers["X-New"] != nil && signed.head.headers["X-Old"] == nil)
        let url = "https://example.com/hooks/square"
        let settings = HookSettings(keys: [HookKey(Secret("s"))], url: url)
        let square = try Hook(name: "square", provider: #require(ProviderTable.named("square")), settings: settings)
        let request = try WebhookSigner.sign(hook: square, type: nil, body: utf8("{}"), id: "1", now: seconds(0))
        #expect(verdict(try #require(hooks["square"]), request) == nil)
    }

    @Test("a fault says where it is and what would be right", arguments: faulty)
    func faults(_ one: Fault) throws {
        #expect(try Self.read(one.environment, file: one.file).faults.contains(ConfigurationFault(one.name, one.remedy)))
    }

    @Test("the faults of all hooks are reported together, and none shows a secret")
    func together() throws {
        let (hooks, faults) = try Self.read([
            "FLOTILLA_HOOKS": "a=github,b=nobody,c=standard-webhooks", "FLOTILLA_HOOK_B_SECRET": "hush", "FLOTILLA_HOOK_C_SECRET": "hush",
        ])
        #expect(faults.map(\.name) == ["FLOTILLA_HOOK_A_SECRET", "FLOTILLA_HOOKS", "FLOTILLA_HOOK_C_SECRET"])
        #expect(hooks.all.isEmpty)
        #expect(faults.allSatisfy { !$0.description.contains("hush") })
    }
}
