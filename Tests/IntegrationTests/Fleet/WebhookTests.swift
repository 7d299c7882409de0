// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import Glibc
internal import TestSupport
internal import Testing

/// Requests to a fleet in one process, from the outside.
@Suite struct WebhookTests {
    @Test("what flotilla send posts is answered 202, and lies in the log-sink's file")
    func sent() async throws {
        try await Fleet.with { fleet in
            _ = try await fleet.up()
            let sent = try await fleet.command("send", "github", "push", "--json")
            #expect(sent.ending == .exited(0), "\(sent.errors)")
            let answers = try Fleet.answers(sent.output)
            #expect(answers.map(\.status) == [202])
            try await until("the line is written") { try fleet.written() == answers.map(\.id) }
            let line = try #require(fleet.place.lines("log.jsonl").first)
            #expect(line.contains(#""type":"github.push""#))
            #expect(line.contains(#""source":"/hooks/github""#))
        }
    }

    @Test("without a type, flotilla send posts the provider's first sample under the sample's own type", arguments: ["github", "shop"])
    func untyped(_ hook: String) async throws {
        try await Fleet.with(["FLOTILLA_ROUTES": "github.#>log-sink,shop.#>log-sink"]) { fleet in
            _ = try await fleet.up()
            let sent = try await fleet.command("send", hook, "--json")
            let answer = try #require(try Fleet.answers(sent.output).first)
            try await until("the line is written") { try fleet.written() == [answer.id] }
            let line = try #require(fleet.place.lines("log.jsonl").first)
            #expect(line.contains(hook == "github" ? #""type":"github.push""# : #""type":"shop.invoice.paid""#))
        }
    }

    @Test("the same bytes with one byte changed are answered 401, and go nowhere; as they were signed they are answered 202")
    func changed() async throws {
        try await Fleet.with { fleet in
            _ = try await fleet.up()
            for index in [0, 10, Fleet.body.count - 1] {
                var body = Fleet.body
                body[index] ^= 1
                let answer = try await fleet.post(body, id: "changed-\(index)", signed: Fleet.body)
                #expect(answer.status == 401)
                #expect(!answer.body.contains("sha256="))
            }
            let answer = try await fleet.post(Fleet.body, id: "as-signed")
            #expect(answer.status == 202)
            #expect(answer.body == #"{"accepted":1,"ids":["as-signed"]}"#)
            try await until("the line is written") { try !fleet.written().isEmpty }
            #expect(try fleet.written() == ["as-signed"])
        }
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let method: String
        let target: String
        var headers: [String] = []
        var bytes = 0
        let status: Int
        var answer: (name: String, value: String)?
    }

    static let refusals = [
        Refusal(testDescription: "an unknown hook", method: "POST", target: "/hooks/gitlab", status: 404),
        Refusal(testDescription: "no hook at all", method: "POST", target: "/hooks", status: 404),
        Refusal(testDescription: "events without a token", method: "POST", target: "/events", bytes: 10, status: 401),
        Refusal(testDescription: "GET on a hook", method: "GET", target: "/hooks/github", status: 405, answer: ("Allow", "POST")),
        Refusal(testDescription: "a body over the limit", method: "POST", target: "/hooks/github", bytes: 4097, status: 413),
        Refusal(testDescription: "a body just at the limit, unsigned", method: "POST", target: "/hooks/github", bytes: 4096, status: 401),
        Refusal(
            testDescription: "a header over the limit", method: "POST", target: "/hooks/github",
            headers: [String](repeating: String(repeating: "x", count: 1000), count: 20), status: 431),
        Refusal(testDescription: "a signature of nothing", method: "POST", target: "/hooks/github", bytes: 10, status: 401),
    ]

    @Test("what is no webhook is refused with a status that says why, and nothing of it is kept")
    func refused() async throws {
        try await Fleet.with(["FLOTILLA_MAX_BODY_BYTES": "4096"]) { fleet in
            _ = try await fleet.up()
            for refusal in Self.refusals {
                let headers = refusal.headers.enumerated().map { ("X-Filler-\($0)", $1) }
                let body = [UInt8](repeating: 0x20, count: refusal.bytes)
                let answer = try await Wire.request(fleet.listen, refusal.method, refusal.target, headers: headers, body: body)
                #expect(answer.status == refusal.status, "\(refusal.testDescription)")
                if let expected = refusal.answer { #expect(answer.header(expected.name) == expected.value) }
            }
            #expect(try await fleet.database { try await $0.count("SELECT count(*) FROM event") } == 0)
        }
    }

    @Test("an event that no worker is bound to is accepted, and kept as unrouted")
    func unrouted() async throws {
        try await Fleet.with { fleet in
            _ = try await fleet.up()
            let sent = try await fleet.command("send", "shop")
            #expect(sent.ending == .exited(0), "\(sent.errors)")
            #expect(try await fleet.database { try await $0.report(QueueNames.unrouted).ready } == 1)
        }
    }

    @Test("the ingress and the log-sink as two processes on one file work together")
    func apart() async throws {
        try await Fleet.with { fleet in
            _ = try await fleet.up("flotilla-ingress")
            var sink = fleet
            let admin = try Ports.free()
            sink.environment["FLOTILLA_ADMIN"] = "127.0.0.1:\(admin)"
            let child = try fleet.place.start("flotilla-log-sink", [], sink.environment)
            try await fleet.ready(child, on: admin)
            let sent = try await fleet.command("send", "github", "--count", "200", "--parallel", "16", "--json")
            #expect(sent.ending == .exited(0), "\(sent.errors)")
            let ids = try Fleet.answers(sent.output).map(\.id)
            try await until("all lines are written") { try fleet.written().count >= 200 }
            #expect(try fleet.written().sorted() == ids.sorted())
        }
    }
}
