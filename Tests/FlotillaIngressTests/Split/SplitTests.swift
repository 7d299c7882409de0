// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import Testing

/// What becomes of a verified request.
@Suite struct SplitTests {
    static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    static let now = seconds(1_800_000_000)

    /// One request as its provider would sign it, changed beforehand as the case asks.
    static func split(
        _ provider: String, type: String? = nil, id: String = "id-1", body: String, without: String? = nil,
        adding more: [(name: String, value: String)] = [], contentType: String? = nil
    ) throws -> SplitEvent {
        let hook = try FlotillaIngressTests.hook(provider, secret, name: "door")
        var request = try WebhookSigner.sign(hook: hook, type: type, body: utf8(body), id: id, now: now)
        request.head.headers.fields.removeAll { field in field.name == without || (contentType != nil && field.name == "Content-Type") }
        if let contentType { request.head.headers.add("Content-Type", contentType) }
        request.head.headers.fields += more
        let events = try hook.split(hook.verify(request, at: now), acceptedAt: now, freshID: { "fresh" })
        return try #require(events.count == 1 ? events.first : nil)
    }

    @Test("GitHub's event and action make the type, its delivery the id, its installation the tenant")
    func whole() throws {
        let body = #"{"action":"opened","repository":{"id":7},"installation":{"id":12345678901234567890}}"#
        let made = try Self.split("github", type: "pull_request.opened", id: "72d3162e-cc78-11e3-81ab-4c9367dc0958", body: body)
        #expect(made.event.type == "github.pull_request.opened")
        #expect(made.rawType == "pull_request.opened")
        #expect(made.event.id == "72d3162e-cc78-11e3-81ab-4c9367dc0958")
        #expect(made.idIsStable)
        #expect(made.event.tenant == "12345678901234567890")
        #expect(made.event.source == "/hooks/door")
        #expect(made.event.time == Self.now)
        #expect(made.event.dataContentType == "application/json")
        #expect(made.event.data == utf8(body))
    }

    @Test("what stands in several of a provider's lists is an event each, and an empty list hides nothing")
    func severalLists() throws {
        let body =
            #"{"object":"page","entry":[{"id":"1","changes":[{"field":"feed"}],"messaging":[{"a":1},{"a":2}]},{"changes":[],"messaging":[{}]}]}"#
        let hook = try schemeHook("meta", [HookKey(Secret("a secret"), kind: .utf8)], ["verify_token": "a token"])
        let request = try WebhookSigner.sign(hook: hook, type: nil, body: utf8(body), id: "1", now: Self.now)
        let events = try hook.split(hook.verify(request, at: Self.now), acceptedAt: Self.now, freshID: { "fresh" })
        #expect(events.map(\.event.data) == [#"{"field":"feed"}"#, #"{"a":1}"#, #"{"a":2}"#, "{}"].map(utf8))
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var provider = "github"
        var header: String? = "push"
        var body = "{}"
        var id = "id-1"
        var without: String?
        var more: [(name: String, value: String)] = []
        var type = "github.push"
        var keeps = true
        var tenant: String?

        init(_ name: String, _ change: (inout Case) -> Void) {
            testDescription = name
            change(&self)
        }
    }

    static let github = [
        Case("an action that is no text is left out") { $0.body = #"{"action":null}"# },
        Case("an empty action is left out") { $0.body = #"{"action":""}"# },
        Case("an action deeper down is another field") { $0.body = #"{"commit":{"action":"x"}}"# },
        Case("of two actions the last one counts") {
            $0.body = #"{"action":"a","action":"b"}"#
            $0.type = "github.push.b"
        },
        Case("letters are mapped") {
            $0.header = "Deploy/Key:A b-c_d%é"
            $0.type = "github.deploy.key.a.b-c_d__"
        },
        Case("a long type is cut at 255 bytes") {
            $0.header = String(repeating: "x", count: 300)
            $0.type = "github." + String(repeating: "x", count: 248)
        },
        Case("without an installation the repository is the tenant") {
            $0.body = #"{"repository":{"id":7}}"#
            $0.tenant = "7"
        },
        Case("a tenant with a control character is left out") {
            $0.body = #"{"installation":{"id":"a\u0000b"},"repository":{"id":7}}"#
            $0.tenant = "7"
        },
        Case("no JSON") {
            $0.body = "payload"
            $0.type = "github.unknown"
            $0.keeps = false
        },
        Case("a JSON array") {
            $0.body = "[]"
            $0.type = "github.unknown"
            $0.keeps = false
        },
        Case("nothing at all") {
            $0.body = ""
            $0.type = "github.unknown"
            $0.keeps = false
        },
        Case("JSON nested too deep") {
            $0.body = String(repeating: #"{"a":"#, count: 5000) + "1" + String(repeating: "}", count: 5000)
            $0.type = "github.unknown"
            $0.keeps = false
        },
        Case("no event header") {
            $0.header = nil
            $0.type = "github.unknown"
            $0.keeps = false
            $0.body = #"{"installation":{"id":9}}"#
            $0.tenant = "9"
        },
        Case("no delivery id") {
            $0.without = "X-GitHub-Delivery"
            $0.type = "github.unknown"
            $0.keeps = false
        },
        Case("an empty delivery id") {
            $0.id = ""
            $0.type = "github.unknown"
            $0.keeps = false
        },
        Case("two delivery ids") {
            $0.more = [("x-github-delivery", "id-2")]
            $0.type = "github.unknown"
            $0.keeps = false
        },
        Case("a delivery id that no attribute can hold") {
            $0.id = String(repeating: "x", count: 5000)
            $0.type = "github.unknown"
            $0.keeps = false
        },
    ]

    static let standard = [
        Case("the type is in the body, the vendor is the hook") {
            $0.body = #"{"type":"Invoice.Paid","data":{}}"#
            $0.type = "door.invoice.paid"
        },
        Case("without a type its signed id is still its own") {
            $0.body = #"{"test": 2432232314}"#
            $0.type = "door.unknown"
        },
        Case("no JSON, and its signed id is still its own") {
            $0.body = "hello"
            $0.type = "door.unknown"
        },
        Case("a type that is a number") {
            $0.body = #"{"type":404}"#
            $0.type = "door.404"
        },
        Case("a type that is an object") {
            $0.body = #"{"type":{"name":"x"}}"#
            $0.type = "door.unknown"
        },
    ].map { one in
        var one = one
        one.provider = "standard-webhooks"
        return one
    }

    @Test("what the provider says becomes the event's attributes, and the body stays what it was", arguments: github + standard)
    func attributes(_ one: Case) throws {
        let made = try Self.split(
            one.provider, type: one.header, id: one.id, body: one.body, without: one.without, adding: one.more)
        #expect(made.event.type == one.type)
        #expect(made.event.id == (one.keeps ? one.id : "fresh"))
        #expect(made.idIsStable == one.keeps)
        #expect(made.event.tenant == one.tenant)
        #expect(made.event.data == utf8(one.body))
        #expect((made.rawType == nil) == one.type.hasSuffix(".unknown"))
    }

    @Test("a form is read through its payload field, and stays the bytes that were signed")
    func form() throws {
        let body = "payload=%7B%22action%22%3A%22opened%22%2C%22installation%22%3A%7B%22id%22%3A+7%7D%7D&x=y"
        let made = try Self.split("github", type: "issues", body: body, contentType: "application/x-www-form-urlencoded; charset=utf-8")
        #expect(made.event.type == "github.issues.opened")
        #expect(made.event.tenant == "7")
        #expect(made.event.data == utf8(body))
        #expect(made.event.dataContentType == "application/x-www-form-urlencoded; charset=utf-8")
    }

    @Test(
        "a form without one readable payload is not what GitHub sends",
        arguments: ["", "payload=", "payload=%7B", "payload=%7B%7", "payload=%zz", "payload=%7B%7D&payload=%7B%7D", "other=%7B%7D", "{}"])
    func brokenForm(body: String) throws {
        let made = try Self.split("github", type: "issues", body: body, contentType: "Application/X-WWW-Form-Urlencoded")
        #expect(made.event.type == "github.unknown")
        #expect(made.event.id == "fresh")
    }

    @Test("a content type that no attribute can hold is left out")
    func contentType() throws {
        let made = try Self.split(
            "github", type: "push", body: "{}", contentType: "application/json; x=" + String(repeating: "x", count: 300))
        #expect(made.event.dataContentType == nil)
        #expect(made.event.type == "github.push")
    }
}
