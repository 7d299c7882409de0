// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import Testing

/// Handshakes that come unsigned: what they answer, anybody can have.
@Suite(.timeLimit(.minutes(1))) struct UnsignedHandshakeTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let what: String
        let provider: String
        var method = "POST"
        var query = ""
        var headers: [(String, String)] = []
        var body = ""
        let status: Int
        /// The whole answer; nil for whatever it says, as long as nothing of the request is in it.
        var answer: String?
        var type = "text/plain; charset=utf-8"

        var testDescription: String { "\(provider): \(what)" }
    }

    static let long = String(repeating: "c", count: 1025)

    static let cases = [
        Case(
            what: "a validation token comes back decoded", provider: "msgraph",
            query: "?validationToken=Validation%3a+Testing+client%20%C3%A4%2B%3Cb%3E", status: 200,
            answer: "Validation: Testing client ä+<b>"),
        Case(
            what: "among other fields, too", provider: "msgraph", query: "?a=b&validationToken=t1&c", body: "{}", status: 200, answer: "t1"),
        Case(what: "a token that comes twice is none", provider: "msgraph", query: "?validationToken=a&validationToken=b", status: 401),
        Case(what: "a token that is no UTF-8 is none", provider: "msgraph", query: "?validationToken=a%ff", status: 401),
        Case(what: "a token with a line break is refused", provider: "msgraph", query: "?validationToken=a%0d%0ab", status: 401),
        Case(what: "a long token is refused", provider: "msgraph", query: "?validationToken=\(long)", status: 401),
        Case(what: "an empty token is refused", provider: "msgraph", query: "?validationToken=", status: 401),
        Case(what: "a token in a GET is none", provider: "msgraph", method: "GET", query: "?validationToken=a", status: 405),

        Case(
            what: "a challenge comes back as it is", provider: "dropbox", method: "GET", query: "?challenge=abc-123", status: 200,
            answer: "abc-123"),
        Case(
            what: "a page does not come back as one", provider: "dropbox", method: "GET",
            query: "?challenge=%3Cscript%3Ealert(1)%3C/script%3E", status: 200, answer: "<script>alert(1)</script>"),
        Case(what: "a GET without a challenge is refused", provider: "dropbox", method: "GET", status: 401),
        Case(what: "a long challenge is refused", provider: "dropbox", method: "GET", query: "?challenge=\(long)", status: 401),
        Case(what: "a challenge in a POST is none", provider: "dropbox", query: "?challenge=abc", status: 401),
        Case(what: "a HEAD is not allowed", provider: "dropbox", method: "HEAD", query: "?challenge=abc", status: 405),

        Case(
            what: "the right verify token gets the challenge", provider: "meta", method: "GET",
            query: "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=a+token%21", status: 200, answer: "1158201444"),
        Case(
            what: "a wrong verify token is refused", provider: "meta", method: "GET",
            query: "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=other", status: 403),
        Case(
            what: "a part of the verify token is refused", provider: "meta", method: "GET",
            query: "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=a+token", status: 403),
        Case(
            what: "no verify token is refused", provider: "meta", method: "GET", query: "?hub.mode=subscribe&hub.challenge=1158201444",
            status: 403),
        Case(
            what: "two verify tokens are refused", provider: "meta", method: "GET",
            query: "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=a+token%21&hub.verify_token=x", status: 403),
        Case(
            what: "another mode is refused", provider: "meta", method: "GET",
            query: "?hub.mode=unsubscribe&hub.challenge=1158201444&hub.verify_token=a+token%21", status: 403),
        Case(
            what: "no challenge is refused", provider: "meta", method: "GET", query: "?hub.mode=subscribe&hub.verify_token=a+token%21",
            status: 403),
        Case(
            what: "a long challenge is refused", provider: "meta", method: "GET",
            query: "?hub.mode=subscribe&hub.challenge=\(long)&hub.verify_token=a+token%21", status: 403),
        Case(
            what: "in a POST it is none", provider: "meta",
            query: "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=a+token%21", status: 401),

        Case(what: "a HEAD finds somebody", provider: "mandrill", method: "HEAD", status: 200, answer: "", type: ""),
        Case(
            what: "an empty list is taken from anybody", provider: "mandrill",
            headers: [("Content-Type", "application/x-www-form-urlencoded"), ("X-Mandrill-Signature", "xAlA1")],
            body: "mandrill_events=%5B%5D",
            status: 200, answer: "", type: ""),
        Case(
            what: "a list with an event is not", provider: "mandrill", body: "mandrill_events=%5B%7B%22event%22%3A%22send%22%7D%5D",
            status: 401),
        Case(what: "nor a list that comes twice", provider: "mandrill", body: "mandrill_events=%5B%5D&mandrill_events=%5B%5D", status: 401),
        Case(what: "a GET is not allowed", provider: "mandrill", method: "GET", status: 405),
        Case(what: "a HEAD finds somebody there", provider: "intercom", method: "HEAD", status: 200, answer: "", type: ""),
        Case(
            what: "an unsigned ping is refused", provider: "intercom", body: #"{"type":"notification_event","topic":"ping"}"#, status: 401),
    ]

    @Test(arguments: cases)
    func `an unsigned handshake is answered as its provider wants it, harmless to browsers, and is no event`(_ test: Case) async throws {
        try await FrontDoor.with { door async throws in
            let answer = try await door.send(test.method, "/hooks/\(test.provider)\(test.query)", test.headers, test.body)
            #expect(answer.status == test.status)
            if let expected = test.answer {
                #expect(String(decoding: answer.body, as: UTF8.self) == expected)
                if !test.type.isEmpty {
                    #expect(answer.headers["Content-Type"] == test.type)
                    #expect(answer.headers["X-Content-Type-Options"] == "nosniff")
                }
            } else {
                let text = String(decoding: answer.body, as: UTF8.self)
                #expect(!text.contains("c1") && !text.contains("ccc") && !text.contains("1158201444"))
            }
            #expect(door.publisher.published.isEmpty)
            let counted = #"flotilla_ingress_requests_total{hook="\#(test.provider)",status="\#(test.status)"} 1"#
            #expect(String(decoding: door.metrics.render(), as: UTF8.self).contains(counted + "\n"))
        }
    }

    static let methods = [
        ("slack", "POST"), ("dropbox", "GET, POST"), ("meta", "GET, POST"), ("msgraph", "POST"), ("mandrill", "HEAD, POST"),
        ("intercom", "HEAD, POST"),
    ]

    @Test(arguments: methods)
    func `what is allowed follows from the provider`(_ provider: String, _ allowed: String) async throws {
        try await FrontDoor.with { door async throws in
            let answer = try await door.send("PUT", "/hooks/\(provider)", [], "{}")
            #expect(answer.status == 405)
            #expect(answer.headers["Allow"] == allowed)
        }
    }

    @Test func `without a verify token Meta's GET is refused`() async throws {
        try await FrontDoor.with([try hook("meta", FrontDoor.secret, name: "meta")]) { door async throws in
            let query = "?hub.mode=subscribe&hub.challenge=1&hub.verify_token="
            #expect(try await door.send("GET", "/hooks/meta" + query).status == 403)
            #expect(try await door.send("GET", "/hooks/meta" + query + "x").status == 403)
            #expect(door.log.lines.contains { $0["check"] == .string("handshake") })
        }
    }
}
