// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import TestSupport
import Testing

/// What the ingress does with senders whom it has reason to stop.
@Suite(.timeLimit(.minutes(1))) struct ProtectionTests {
    private static let flood = Protection(flood: Rate("5/m"))

    private func forged(_ door: Door) throws -> Request {
        var request = try door.signed("github")
        request.body.append(0x20)
        return request
    }

    private func from(_ address: String, _ request: Request, _ fields: [(name: String, value: String)] = []) throws -> Request {
        var request = request
        request.head.peer = try #require(NetworkAddress(address))
        request.head.headers.fields += fields
        return request
    }

    @Test("a source that sends too much that is refused is told to wait before its next request is read, and nobody else is")
    func flood() async throws {
        let door = try Door(protection: Self.flood)
        let forged = try from("192.0.2.1", forged(door))
        for _ in 0..<5 { #expect(await door.answer(forged).status == 401) }
        let stopped = try #require(door.ingress.admit(try from("192.0.2.1", door.signed("github")).head).answer)
        #expect(stopped.status == 429)
        #expect(stopped.headers["Retry-After"] == "12")
        #expect(stopped.text == #"{"error":"too many requests from this network were refused"}"#)
        #expect(await door.answer(try from("192.0.2.2", door.signed("github"))).status == 202)
        door.pass(.seconds(12))
        #expect(await door.answer(try from("192.0.2.1", door.signed("github"))).status == 202)
        let text = String(decoding: door.metrics.render(), as: UTF8.self)
        #expect(text.contains(#"flotilla_ingress_requests_total{hook="github",status="429"} 1"#))
        #expect(text.contains(#"flotilla_ingress_rejected_total{hook="github",reason="flood"} 1"#))
    }

    @Test("every refusal counts, whoever says it: unknown hooks, methods, forgeries, and what the session finds malformed")
    func every() async throws {
        let door = try Door(protection: Self.flood)
        func admit(_ method: String, _ target: String) throws -> Int? {
            var head = RequestHead(method: method, target: target)
            head.peer = try #require(NetworkAddress("192.0.2.1"))
            return door.ingress.admit(head).answer?.status
        }
        #expect(try admit("POST", "/hooks/nobody") == 404)
        #expect(try admit("GET", "/hooks/github") == 405)
        #expect(await door.answer(try from("192.0.2.1", forged(door))).status == 401)
        let peer = try #require(NetworkAddress("192.0.2.1"))
        door.ingress.refused("/hooks/github", with: 413, from: peer)
        door.ingress.refused(nil, with: 400, from: peer)
        // Ours to answer for.
        door.ingress.refused("/hooks/github", with: 503, from: peer)
        #expect(try admit("POST", "/hooks/nobody") == 429)
        #expect(try admit("POST", "/hooks/github") == 429)
        #expect(try admit("GET", "/") == 200)
    }

    @Test("a provider that sends thousands is never slowed down, and neither is one behind whose address somebody floods")
    func provider() async throws {
        let door = try Door(protection: Self.flood)
        let (request, forged) = (try from("192.0.2.1", door.signed("github")), try from("192.0.2.1", forged(door)))
        for _ in 0..<2000 { #expect(await door.answer(request).status == 202) }
        for _ in 0..<5 { #expect(await door.answer(forged).status == 401) }
        for _ in 0..<20 {
            #expect(await door.answer(forged).status == 429)
            #expect(await door.answer(request).status == 202)
        }
    }

    @Test("behind a proxy of ours it is the sender who spends, whatever he writes in front of his address")
    func proxy() async throws {
        let network = try #require(NetworkList("10.0.0.0/8"))
        let door = try Door(protection: Protection(flood: Rate("5/m"), proxies: TrustedProxies(network)))
        for index in 0..<5 {
            let chain = [(name: "X-Forwarded-For", value: "203.0.113.\(index), 192.0.2.1")]
            #expect(await door.answer(try from("10.0.0.1", forged(door), chain)).status == 401)
        }
        let chain = [(name: "X-Forwarded-For", value: "192.0.2.1")]
        #expect(await door.answer(try from("10.0.0.2", door.signed("github"), chain)).status == 429)
        let other = [(name: "X-Forwarded-For", value: "192.0.2.9")]
        #expect(await door.answer(try from("10.0.0.1", door.signed("github"), other)).status == 202)
        // What the session refused came through the proxy, from nobody knows whom.
        for _ in 0..<20 { door.ingress.refused(nil, with: 400, from: try #require(NetworkAddress("10.0.0.1"))) }
        #expect(await door.answer(try from("10.0.0.1", door.signed("github"), other)).status == 202)
    }

    @Test("a hook with networks takes nothing from elsewhere, and says so before the body is read")
    func networks() async throws {
        let networks = try #require(NetworkList("192.0.2.0/24, 2001:db8::/32"))
        let door = try Door(limits: HookLimits(networks: networks))
        for address in ["192.0.2.77", "2001:db8::1"] { #expect(await door.answer(try from(address, door.signed("github"))).status == 202) }
        for address in ["192.0.3.1", "2001:db9::1"] {
            let answer = try #require(door.ingress.admit(try from(address, door.signed("github")).head).answer)
            #expect(answer.status == 401)
            #expect(answer.text == #"{"error":"the sender is in none of the hook's networks"}"#)
        }
        #expect(await door.answer(try from("192.0.3.1", door.signed("shop"))).status == 202)
        #expect(String(decoding: door.metrics.render(), as: UTF8.self).contains(#"{hook="github",reason="network"} 2"#))
    }

    @Test("a hook's own rate counts what was verified, and says when to come again")
    func rate() async throws {
        let door = try Door(limits: HookLimits(rate: Rate("3/m")))
        for _ in 0..<10 { #expect(await door.answer(try forged(door)).status == 401) }
        for _ in 0..<3 { #expect(await door.answer(try door.signed("github")).status == 202) }
        let answer = await door.answer(try door.signed("github"))
        #expect(answer.status == 429)
        #expect(answer.headers["Retry-After"] == "20")
        #expect(await door.answer(try door.signed("shop")).status == 202)
        #expect(door.publisher.published.count == 4)
        door.pass(.seconds(20))
        #expect(await door.answer(try door.signed("github")).status == 202)
        #expect(String(decoding: door.metrics.render(), as: UTF8.self).contains(#"{hook="github",reason="rate"} 1"#))
    }

    @Test("a hook that holds as many bytes as it may is told to wait, and the others are not")
    func bytes() async throws {
        let door = try Door(.hold, protection: Protection(hookBytes: 100))
        let body = #"{"type":"\#(String(repeating: "a", count: 60))"}"#
        let first = try door.signed("github", id: "one", body: body)
        async let held = door.answer(first)
        await door.publisher.called(1)
        let second = await door.answer(try door.signed("github", id: "two", body: body))
        #expect(second.status == 503)
        #expect(second.headers["Retry-After"] == "5")
        door.publisher.change(to: .confirm)
        #expect(await door.answer(try door.signed("shop", id: "three", body: body)).status == 202)
        door.publisher.release()
        #expect(await held.status == 202)
        #expect(await door.answer(try door.signed("github", id: "four", body: body)).status == 202)
    }

    @Test("other hooks are taken over whole: secrets change, hooks come and go, and what began before ends as it began")
    func replaced() async throws {
        let door = try Door(.hold, limits: HookLimits(rate: Rate("2/m")))
        let old = try door.signed("github", id: "old")
        guard case .proceed(let admitted) = door.ingress.admit(old.head) else { throw CancellationError() }
        let (first, gone) = (try door.signed("github", id: "published"), try door.signed("shop"))
        async let published = door.answer(first)
        await door.publisher.called(1)
        door.publisher.change(to: .confirm)
        try door.replace(secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", name: "github", others: ["fresh"])

        // Its head was admitted by the hook that there was.
        #expect(await door.ingress.respond(to: old, admitted: admitted).status == 202)
        #expect(await door.answer(old).status == 401)
        #expect(await door.answer(gone).status == 404)
        #expect(await door.answer(try door.signed("fresh")).status == 202)
        // Two were taken before the change: the rate goes on.
        #expect(await door.answer(try door.signed("github", id: "new")).status == 429)
        // Before the time passes: its provider's patience would end.
        door.publisher.release()
        #expect(await published.status == 202)
        door.pass(.seconds(30))
        #expect(await door.answer(try door.signed("github", id: "new")).status == 202)
        let text = String(decoding: door.metrics.render(), as: UTF8.self)
        #expect(text.contains(#"flotilla_ingress_requests_total{hook="github",status="202"} 3"#))
    }
}
