// SPDX-License-Identifier: Apache-2.0

import FlotillaCrypto
import FlotillaHTTP
import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import Testing

/// The secret, body and signature of GitHub's own documentation, and what may not become of them.
@Suite struct GitHubTests {
    static let secret = "It's a Secret to Everybody"
    static let body = "Hello, World!"
    static let digits = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    static let header = "X-Hub-Signature-256"

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var secrets = [secret]
        var headers = [(name: header, value: "sha256=\(digits)")]
        var body = GitHubTests.body
        var check: Rejection.Check?

        init(_ name: String, _ check: Rejection.Check? = nil, _ change: (inout Case) -> Void = { _ in }) {
            testDescription = name
            self.check = check
            change(&self)
        }
    }

    static let valid = [
        Case("GitHub's documented request"),
        Case("a header in lower case") { $0.headers[0].name = "x-hub-signature-256" },
        Case("a secret that is being rotated out") { $0.secrets = ["a newer one", secret] },
        Case("a newer secret before the old one") { $0.secrets = [secret, "the older one"] },
        Case("the legacy header beside it, whatever it says") { $0.headers.append(("X-Hub-Signature", "sha1=0000")) },
        Case("an empty body") {
            $0.body = ""
            $0.headers[0].value = "sha256=" + code("")
        },
        Case("a body that is no text") {
            $0.body = "\u{0}\u{1}\r\n"
            $0.headers[0].value = "sha256=" + code("\u{0}\u{1}\r\n")
        },
    ]

    static let hostile = [
        Case("a changed body", .signature) { $0.body = "Hello, World?" },
        Case("a longer body", .signature) { $0.body += "\n" },
        Case("an emptied body", .signature) { $0.body = "" },
        Case("another secret", .signature) { $0.secrets = ["It's a secret to everybody"] },
        Case("a secret with a space more", .signature) { $0.secrets = [secret + " "] },
        Case("no signature", .header) { $0.headers = [] },
        Case("an empty signature", .header) { $0.headers[0].value = "" },
        Case("a signature of no digits", .signature) { $0.headers[0].value = "sha256=" },
        Case("a signature cut by a digit", .signature) { $0.headers[0].value.removeLast() },
        Case("a signature cut by a byte", .signature) { $0.headers[0].value.removeLast(2) },
        Case("a signature with a byte more", .signature) { $0.headers[0].value += "00" },
        Case("one digit changed", .signature) { $0.headers[0].value = "sha256=" + "8" + digits.dropFirst() },
        Case("digits in upper case", .signature) { $0.headers[0].value = "sha256=" + digits.uppercased() },
        Case("the mark in upper case", .signature) { $0.headers[0].value = "SHA256=" + digits },
        Case("no mark", .signature) { $0.headers[0].value = digits },
        Case("base64 instead of hexadecimal", .signature) {
            $0.headers[0].value = "sha256=dXEH6g6yUJ/CESIczphLijdXC211hsIsRvQ3nIsEPhc="
        },
        Case("the right sha1 in the sha256 header", .signature) { $0.headers[0].value = "sha1=" + sha1 },
        Case("the right sha1 marked as sha256", .signature) { $0.headers[0].value = "sha256=" + sha1 },
        Case("the legacy header alone", .header) { $0.headers = [("X-Hub-Signature", "sha1=" + sha1)] },
        Case("the right signature twice", .header) { $0.headers.append($0.headers[0]) },
        Case("the right signature after a wrong one", .header) {
            $0.headers.insert((header, "sha256=" + String(repeating: "0", count: 64)), at: 0)
        },
        Case("the right signature in a list", .signature) { $0.headers[0].value += " sha256=" + digits },
        Case("a space within", .signature) { $0.headers[0].value = "sha256= " + digits },
        Case("the code of an empty secret", .signature) { $0.headers[0].value = "sha256=" + code(body, secret: "") },
        Case("the plain digest of secret and body", .signature) {
            $0.headers[0].value = "sha256=" + ((try? Digest.sha256(utf8(secret + body))).map { Hex.encode($0) } ?? "")
        },
        Case("a letter that looks alike", .signature) { $0.headers[0].value = "sha256=" + "７" + digits.dropFirst() },
    ]

    static let sha1 = (try? HMACKey(utf8(secret), .sha1).code(utf8(body))).map { Hex.encode($0) } ?? ""

    static func code(_ body: String, secret: String = secret) -> String {
        (try? HMACKey(utf8(secret)).code(utf8(body))).map { Hex.encode($0) } ?? ""
    }

    @Test("GitHub's own requests are let in, and nothing that was made of them", arguments: valid + hostile)
    func verdicts(_ one: Case) throws {
        let hook = try hook("github", one.secrets)
        #expect(verdict(hook, request(one.headers, one.body)) == one.check)
    }

    @Test(
        "a hook without a usable secret can't be made", arguments: [([], HookFault.noKey), ([""], .emptyKey), ([secret, ""], .emptyKey)])
    func secrets(secrets: [String], fault: HookFault) {
        #expect(throws: fault) { try hook("github", secrets) }
    }
}
