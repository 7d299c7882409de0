// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import Foundation
internal import TestSupport
internal import Testing

/// Every provider's hook, as an operator meets it: described, configured, sent to, and asked why it refuses.
@Suite struct HooksCommandTests {
    @Test("schemes describes every scheme, and one with its variables; an unknown one is told with 1 and the right name")
    func schemes() async throws {
        try await Fleet.with { fleet in
            let all = try await fleet.place.run("flotilla", ["hooks", "schemes"])
            #expect(all.ending == .exited(0))
            for name in ["github", "stripe", "twilio", "standard-webhooks"] { #expect(all.output.contains(name)) }
            let one = try await fleet.place.run("flotilla", ["hooks", "schemes", "generic-hmac"])
            #expect(one.output.contains("FLOTILLA_HOOK_<NAME>_SECRET"))
            #expect(one.output.contains("FLOTILLA_HOOK_<NAME>_SIGNATURE_HEADER"))
            let unknown = try await fleet.place.run("flotilla", ["hooks", "schemes", "githb"])
            #expect(unknown.ending == .exited(1))
            #expect(unknown.errors.contains("did you mean github?"))
        }
    }

    @Test("list tells what is configured, and neither a secret nor the password of a URL")
    func list() async throws {
        let change = ["FLOTILLA_HOOK_SHOP_URL": "https://mara:hidden-word@hooks.example.com/hooks/shop"]
        try await Fleet.with(change) { fleet in
            for words in [["hooks", "list"], ["hooks", "list", "--json"]] {
                let finished = try await fleet.place.run("flotilla", words, fleet.environment)
                #expect(finished.ending == .exited(0), "\(finished.errors)")
                #expect(finished.output.contains("github") && finished.output.contains("https://hooks.example.com/hooks/shop"))
                for hidden in [Fleet.secret, Fleet.standardSecret, "hidden-word"] { #expect(!finished.output.contains(hidden)) }
            }
        }
    }

    @Test(
        "verify prints one verdict a line in the order of the lines, goes on after what is no request, and ends with 1 if one was refused")
    func verify() async throws {
        try await Fleet.with { fleet in
            let good = Self.vectors("github").first { $0.contains(#""verdict":"accept""#) } ?? ""
            let bad = Self.vectors("github").first { $0.contains("a newline behind the body") } ?? ""
            try fleet.place.write(
                [good, "", "{", "[1]", #"{"id":7,"provider":"nobody"}"#, bad, good].joined(separator: "\n"), to: "lines.jsonl")
            try fleet.place.write(good + "\n", to: "good.jsonl")
            let finished = try await fleet.command("hooks", "verify", "lines.jsonl", "good.jsonl")
            #expect(finished.ending == .exited(1), "\(finished.errors)")
            let verdicts = try finished.output.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
            #expect(verdicts.map { $0["verdict"]?.string } == ["accept", "reject", "reject", "reject", "reject", "accept", "accept"])
            #expect(verdicts.map { $0["check"]?.string } == [nil, "input", "input", "input", "signature", nil, nil])
            #expect(verdicts[3]["id"] == .integer(7))
            #expect(verdicts[4]["why"]?.string?.contains("did not end in a newline") == true)
            #expect(verdicts[0]["events"]?.array?.first?["type"]?.string == "github.push")
            #expect(try await fleet.command("hooks", "verify", "good.jsonl").ending == .exited(0))
            #expect(try await fleet.command("hooks", "verify", "not-there").ending == .exited(2))
        }
    }

    @Test("a sample of every provider is accepted by a fleet with all of them, and refused with 401 when another secret signs it")
    func samples() async throws {
        let schemes = try await Fleet.with { fleet in try await Self.schemes(of: fleet) }
        #expect(schemes.count > 40)
        try await Fleet.with(Self.environment(of: schemes, secret: "first")) { fleet in
            _ = try await fleet.up()
            var stranger = fleet
            stranger.environment.merge(Self.environment(of: schemes, secret: "other")) { $1 }
            for scheme in schemes {
                let sent = try await fleet.command("send", Self.hook(scheme.name), "--json")
                #expect(sent.ending == .exited(0), "\(scheme.name): \(sent.output) \(sent.errors)")
                let refused = try await stranger.command("send", Self.hook(scheme.name), "--json")
                #expect(try Fleet.answers(refused.output).map(\.status) == [401], "\(scheme.name): \(refused.output) \(refused.errors)")
            }
        }
    }

    // MARK: A configuration of everything

    struct Scheme: Sendable {
        let name: String
        let secret: String
        let required: [String]
    }

    private static func schemes(of fleet: Fleet) async throws -> [Scheme] {
        let finished = try await fleet.place.run("flotilla", ["hooks", "schemes", "--json"])
        return try finished.output.split(separator: "\n").map { line in
            let value = try JSONValue(parsing: String(line))
            let settings = (value["settings"]?.array ?? []).filter { $0["required"]?.bool == true || $0["name"]?.string == "audience" }
            return Scheme(
                name: try #require(value["scheme"]?.string), secret: value["secret"]?.string ?? "",
                required: settings.compactMap { $0["name"]?.string })
        }
    }

    private static func hook(_ scheme: String) -> String { "try-\(scheme)" }

    private static func environment(of schemes: [Scheme], secret: String) -> [String: String] {
        var environment = ["FLOTILLA_HOOKS": schemes.map { "\(hook($0.name))=\($0.name)" }.joined(separator: ",")]
        for scheme in schemes {
            let prefix = "FLOTILLA_HOOK_" + hook(scheme.name).uppercased().replacing("-", with: "_") + "_"
            environment[prefix + "SECRET"] = Secrets.of(scheme.name, secret)
            environment[prefix + "URL"] = "https://hooks.example.com/hooks/\(hook(scheme.name))"
            for name in scheme.required { environment[prefix + name.uppercased()] = values[name] ?? "X-Sample" }
        }
        // Those of the fleet that every test has.
        environment["FLOTILLA_HOOK_GITHUB_SECRET"] = ""
        environment["FLOTILLA_HOOK_SHOP_SECRET"] = ""
        return environment
    }

    private static let values = [
        "audience": "https://hooks.example.com/hooks/audience", "email": "push@example.com", "webhook_id": "5GP028458E2496506",
        "topic_arn": "arn:aws:sns:eu-west-1:123456789012:lamps",
    ]

    private static func vectors(_ scheme: String) -> [String] {
        let path = URL(filePath: #filePath).appending(path: "../../../Vectors/\(scheme).jsonl").standardized
        return ((try? String(contentsOf: path, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
    }
}

/// A secret of the form that a scheme wants. Where a provider signs with a private key the hook has that: it verifies with the public half.
private enum Secrets {
    static func of(_ scheme: String, _ word: String) -> String {
        let isFirst = word == "first"
        switch scheme {
        case "standard-webhooks", "svix", "gitlab-signed", "openai":
            return "whsec_" + base64("\(word) 0123456789 0123456789 01234")
        case "standard-webhooks-v1a": return "whsk_" + base64("\(word) 0123456789 0123456789 01234")
        case "discord": return inList(ed25519(word))
        case "sendgrid": return inList(isFirst ? KeyFixtures.p256Key : KeyFixtures.otherP256Key)
        case "paypal", "google-pubsub", "aws-sns", "aws-sns-v1", "aws-sns-v2":
            return inList(isFirst ? KeyFixtures.rsaKey : KeyFixtures.otherRSAKey)
        case "generic-basic", "postmark": return "mara:\(word)"
        default: return "\(word)-secret-of-these-tests-0123456789"
        }
    }

    private static func base64(_ text: String) -> String {
        Data(text.utf8.prefix(32)).base64EncodedString()
    }

    /// RFC 8410: what stands before the 32 bytes is the same for every key.
    private static func ed25519(_ word: String) -> String {
        let head: [UInt8] = [0x30, 0x2E, 2, 1, 0, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 4, 0x22, 4, 0x20]
        let key = Data(head + "\(word) 0123456789 0123456789 01234".utf8.prefix(32)).base64EncodedString()
        return "-----BEGIN PRIVATE KEY-----\n\(key)\n-----END PRIVATE KEY-----"
    }

    /// PEM holds blanks, which otherwise stand between secrets.
    private static func inList(_ pem: String) -> String {
        String(decoding: JSONValue.array([.string(pem)]).encoded, as: UTF8.self)
    }
}
