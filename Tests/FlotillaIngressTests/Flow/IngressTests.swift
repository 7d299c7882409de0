// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaHTTP
import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import Testing

@Suite(.timeLimit(.minutes(1))) struct IngressTests {
    @Test("a signed request is published, and then promised")
    func accepted() async throws {
        let door = try Door()
        let answer = await door.answer(try door.signed("github", id: "72d3162e"))
        #expect(answer.status == 202)
        #expect(answer.text == #"{"accepted":1,"ids":["72d3162e"]}"#)
        #expect(answer.headers["Content-Type"] == "application/json")
        let event = try #require(door.publisher.published.first?.first)
        #expect(event.type == "github.push")
        #expect(event.source == "/hooks/github")
        #expect(event.time == door.clock.now)
    }

    @Test("an answer waits for the confirm")
    func confirmFirst() async throws {
        let door = try Door(.hold)
        let request = try door.signed("github")
        async let answer = door.answer(request)
        await door.publisher.called(1)
        door.publisher.change(to: .confirm)
        #expect(await door.answer(try door.signed("github", id: "id-2")).status == 202)
        door.publisher.release()
        #expect(await answer.status == 202)
    }

    @Test("a request that is not the provider's is refused in general words, and nothing is published")
    func refused() async throws {
        let door = try Door()
        var request = try door.signed("github")
        request.body.append(0x20)
        let answer = await door.answer(request)
        #expect(answer.status == 401)
        #expect(answer.text == #"{"error":"no signature matches the body and the configured secrets"}"#)
        #expect(door.publisher.published.isEmpty)
    }

    @Test("a stale request is refused by the clock that the ingress was given")
    func stale() async throws {
        let door = try Door()
        let request = try door.signed("shop")
        #expect(await door.answer(request).status == 202)
        door.clock.advance(by: .seconds(301))
        let answer = await door.answer(request)
        #expect(answer.status == 401)
        #expect(answer.text == #"{"error":"the request was signed too long ago"}"#)
    }

    @Test(
        "what needs no body is answered before it is read",
        arguments: [
            ("GET", "/", 200, nil), ("HEAD", "/", 200, nil), ("POST", "/", 405, "GET, HEAD"), ("GET", "/?x=y", 200, nil),
            ("POST", "/hooks/github", nil, nil), ("POST", "/hooks/github?x=y", nil, nil), ("GET", "/hooks/github", 405, "POST"),
            ("PUT", "/hooks/github", 405, "POST"), ("post", "/hooks/github", 405, "POST"), ("POST", "/hooks/nobody", 404, nil),
            ("GET", "/hooks/nobody", 404, nil), ("POST", "/hooks/", 404, nil), ("POST", "/hooks", 404, nil),
            ("POST", "/hooks/github/", 404, nil), ("POST", "/hooks/GitHub", 404, nil), ("POST", "/hooks/git%68ub", 404, nil),
            ("POST", "/hooks//github", 404, nil), ("POST", "//hooks/github", 404, nil), ("POST", "/hooks/../hooks/github", 404, nil),
            ("POST", "/events", 401, nil),
            ("GET", "/events", 405, "POST"), ("POST", "/events/", 404, nil), ("OPTIONS", "*", 404, nil),
        ] as [(String, String, Int?, String?)])
    func admitted(method: String, target: String, status: Int?, allow: String?) async throws {
        let door = try Door()
        let head = RequestHead(method: method, target: target)
        let answer = door.ingress.admit(head).answer
        #expect(answer?.status == status)
        #expect(answer?.headers["Allow"] == allow)
        guard status != nil else { return }
        #expect(await door.answer(Request(head: head)) == answer)
        #expect(door.publisher.published.isEmpty)
    }

    @Test("the front page says name and version only")
    func about() throws {
        let answer = try Door().ingress.admit(RequestHead(method: "GET", target: "/")).answer
        #expect(answer?.text == #"{"name":"flotilla-ingress","version":"1.2.3"}"#)
    }

    struct Away: Error {}

    @Test("a publish that fails is answered with an invitation to come again, and a later one is accepted")
    func away() async throws {
        let door = try Door(.fail(Away()))
        let request = try door.signed("github")
        let answer = await door.answer(request)
        #expect(answer.status == 503)
        #expect(answer.headers["Retry-After"] == "5")
        #expect(answer.text == #"{"error":"the broker is away"}"#)
        door.publisher.change(to: .confirm)
        #expect(await door.answer(request).status == 202)
        #expect(door.publisher.published.map { $0.map(\.id) } == [["id-1"], ["id-1"]])
    }

    @Test("an event that the broker will never take is not asked for again")
    func tooLarge() async throws {
        let door = try Door(.fail(BrokerFailure(.refused, "too large")))
        #expect(await door.answer(try door.signed("github")).status == 413)
        door.publisher.change(to: .fail(BrokerFailure(.away, "gone")))
        #expect(await door.answer(try door.signed("github")).status == 503)
    }

    @Test("a publish that never returns frees its answer when the provider's own patience ends, not before")
    func late() async throws {
        let door = try Door(.hold)
        let (hasty, patient) = (try door.signed("github"), try door.signed("shop"))
        async let first = door.answer(hasty)
        async let second = door.answer(patient)
        await door.publisher.called(2)
        door.pass(.seconds(8))
        let answer = await first
        #expect(answer.status == 503)
        #expect(answer.headers["Retry-After"] == "5")
        #expect(answer.text == #"{"error":"the broker did not confirm in time"}"#)
        // The other provider waits for 12 seconds: its publish may still be confirmed.
        door.publisher.release()
        #expect(await second.status == 202)
    }

    @Test("patience counts from a request's first byte: a slow body leaves the broker what is left of it, and nothing is begun after it")
    func slowBody() async throws {
        let door = try Door(.hold)
        var request = try door.signed("github")
        request.arrival = door.ticking
        door.pass(.seconds(7))
        async let answer = door.answer(request)
        await door.publisher.called(1)
        door.pass(.seconds(1))
        #expect(await answer.text == #"{"error":"the broker did not confirm in time"}"#)
        let tooLate = await door.answer(request)
        #expect(tooLate.status == 503)
        #expect(tooLate.headers["Retry-After"] == "5")
        #expect(tooLate.text == #"{"error":"the request took too long to arrive"}"#)
        #expect(door.publisher.published.count == 1)
        door.publisher.release()
    }

    @Test("publishes that outlive their answers are limited, and count no more once they return")
    func overdue() async throws {
        let door = try Door(.hold, overdueLimit: 1)
        let request = try door.signed("github")
        async let first = door.answer(request)
        await door.publisher.called(1)
        door.pass(.seconds(8))
        #expect(await first.status == 503)
        door.publisher.change(to: .confirm)
        let refused = await door.answer(request)
        #expect(refused.status == 503)
        #expect(refused.text == #"{"error":"too much is waiting for the broker"}"#)
        #expect(door.publisher.published.count == 1)
        door.publisher.release()
        // The release is noticed by the publish's own task, a moment later.
        var status = 503
        while status == 503 {
            await Task.yield()
            status = await door.answer(request).status
        }
        #expect(status == 202)
    }

    @Test("many requests at once each get the answer of their own publish")
    func many() async throws {
        let door = try Door(.hold)
        let requests = try (0..<200).map { try door.signed("github", id: "id-\($0)") }
        let answers = await withTaskGroup(of: (Int, Response).self) { group in
            for (index, request) in requests.enumerated() { group.addTask { (index, await door.answer(request)) } }
            await door.publisher.called(200)
            door.publisher.release()
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1.text }
        }
        #expect(answers == Dictionary(uniqueKeysWithValues: (0..<200).map { ($0, #"{"accepted":1,"ids":["id-\#($0)"]}"#) }))
    }

    @Test("while it drains, what is being published gets its answer and the rest is told to come again")
    func draining() async throws {
        let door = try Door(.hold)
        let request = try door.signed("github")
        async let earlier = door.answer(request)
        await door.publisher.called(1)
        door.ingress.drain()
        let refused = door.ingress.admit(request.head).answer
        #expect(refused?.status == 503)
        #expect(refused?.headers["Retry-After"] != nil)
        #expect(await door.answer(request).status == 503)
        door.publisher.release()
        #expect(await earlier.status == 202)
        #expect(door.publisher.published.count == 1)
    }

    @Test("every answer of a hook is counted by its status, every rejection by its reason, and a path is never a label")
    func metrics() async throws {
        let door = try Door()
        _ = await door.answer(try door.signed("github"))
        var tampered = try door.signed("github")
        tampered.body.append(0x20)
        for _ in 0..<3 { _ = await door.answer(tampered) }
        _ = door.ingress.admit(RequestHead(method: "GET", target: "/hooks/github"))
        for path in ["/hooks/nobody", "/wp-login.php"] { _ = door.ingress.admit(RequestHead(method: "POST", target: path)) }
        _ = door.ingress.admit(RequestHead(method: "GET", target: "/"))
        door.publisher.change(to: .fail(Away()))
        _ = await door.answer(try door.signed("shop"))
        let text = String(decoding: door.metrics.render(), as: UTF8.self)
        for line in [
            #"flotilla_ingress_requests_total{hook="github",status="202"} 1"#,
            #"flotilla_ingress_requests_total{hook="github",status="401"} 3"#,
            #"flotilla_ingress_requests_total{hook="github",status="405"} 1"#,
            #"flotilla_ingress_requests_total{hook="github",status="503"} 0"#,
            #"flotilla_ingress_requests_total{hook="shop",status="503"} 1"#,
            #"flotilla_ingress_requests_total{hook="_unknown",status="404"} 2"#,
            #"flotilla_ingress_rejected_total{hook="github",reason="signature"} 3"#,
            #"flotilla_ingress_rejected_total{hook="github",reason="header"} 0"#,
            #"flotilla_ingress_seconds_count{hook="github"} 4"#,
        ] {
            #expect(text.contains(line + "\n"), "\(line)")
        }
        #expect(!text.contains("nobody") && !text.contains("login"))
    }

    @Test(
        "what the session refused is counted for the hook that its path names",
        arguments: [
            ("/hooks/github", 413, "github"), ("/hooks/github?x=y", 408, "github"), ("/hooks/shop", 431, "shop"),
            ("/hooks/nobody", 413, "_unknown"), ("/hooks", 400, "_unknown"), (nil, 431, "_unknown"),
        ] as [(String?, Int, String)])
    func refusedBySession(target: String?, status: Int, hook: String) throws {
        let door = try Door()
        door.ingress.refused(target, with: status, from: .unknown)
        let text = String(decoding: door.metrics.render(), as: UTF8.self)
        #expect(text.contains("flotilla_ingress_requests_total{hook=\"\(hook)\",status=\"\(status)\"} 1\n"))
    }

    @Test("a flood of forgeries makes one line in ten seconds, which tells how many there were and shows nothing of them")
    func quietLog() async throws {
        let door = try Door()
        var forged = try door.signed("github", body: "hush-hush")
        forged.head.headers.fields.removeAll { $0.name == "X-Hub-Signature-256" }
        for _ in 0..<100 { _ = await door.answer(forged) }
        door.clock.advance(by: .seconds(10))
        _ = await door.answer(forged)
        let lines = door.log.lines.map { String(decoding: $0.json, as: UTF8.self) }
        #expect(door.log.lines.map { $0["left_out"] } == [.integer(0), .integer(99)])
        #expect(lines.allSatisfy { $0.contains(#""hook":"github","check":"header","why":"the header X-Hub-Signature-256 is missing""#) })
        #expect(lines.allSatisfy { !$0.contains("hush") && !$0.contains(Door.secret) })
    }

    @Test("a failed publish is told in the broker's own words, an unknown error by its type alone")
    func failedLog() async throws {
        let door = try Door(.fail(BrokerFailure(.away, "no connection")))
        _ = await door.answer(try door.signed("github"))
        door.clock.advance(by: .seconds(10))
        door.publisher.change(to: .fail(Away()))
        _ = await door.answer(try door.signed("github"))
        #expect(door.log.lines.map { $0["why"] } == [.string("no connection"), .string("Away")])
    }
}
