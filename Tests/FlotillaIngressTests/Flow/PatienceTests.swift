// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaHTTP
import FlotillaModel
import FlotillaRuntime
import Testing

@testable import FlotillaIngress

/// Every provider gets its answer before it stops waiting, and never one that makes it turn the hook off.
@Suite(.timeLimit(.minutes(5))) struct PatienceTests {
    /// What providers say that they wait, in seconds.
    static let waits: [String: Int64] = [
        "sentry": 1, "slack": 3, "zoom": 3, "discord": 3, "shopify": 5, "hubspot": 5, "hubspot-v1": 5, "hubspot-v2": 5, "hubspot-v3": 5,
        "linear": 5, "paddle": 5, "pagerduty": 5, "github": 10, "gitlab-token": 10, "gitlab-signed": 10, "bitbucket": 10, "asana": 10,
        "dropbox": 10, "msgraph": 10, "zendesk": 12, "calendly": 15, "aws-sns": 15, "aws-sns-v1": 15, "aws-sns-v2": 15, "typeform": 30,
        "vercel": 30,
    ]

    @Test("a provider's patience is what it says, and an answer is due well before", arguments: ProviderTable.all.map(\.name))
    func patience(_ name: String) throws {
        let provider = try #require(ProviderTable.named(name))
        #expect(provider.patience <= .seconds(Self.waits[name] ?? 30))
        #expect(provider.answerWithin + Deadlines.pace * 2 < provider.patience)
        #expect([200, 202, 204].contains(provider.status))
    }

    @Test(
        "a broker that never confirms is answered for in time, also when the body took half of it", arguments: VectorTests.files,
        [false, true])
    func neverConfirmed(_ file: String, slowly: Bool) async throws {
        let loop = try Loop("door")
        defer { loop.stop() }
        guard let door = try await ProviderDoor.all(of: file, .hold, on: loop).first else { return }
        var request = door.request
        request.arrival = door.ticking
        if slowly { door.pass(door.provider.patience / 2) }
        let sent = request
        async let answer = door.answer(sent)
        await door.publisher.called(1)
        door.pass(door.provider.patience * 4 / 5 - (slowly ? door.provider.patience / 2 : .zero))
        let late = await answer
        #expect(late.status == 503)
        #expect(late.headers["Retry-After"] != nil)
        door.publisher.release()
    }

    /// What can befall a request of a provider, and what it may be told then.
    enum Fate: CaseIterable {
        case confirmed, brokerAway, brokerRefuses, tooSlow, draining
        case tampered, bare, empty, large
        case get, head, put, delete, options
    }

    @Test(
        "whatever befalls a request, its answer never makes the provider turn the hook off or give up what it could send again",
        arguments: VectorTests.files, Fate.allCases)
    func fates(_ file: String, fate: Fate) async throws {
        let loop = try Loop("door")
        defer { loop.stop() }
        for door in try await ProviderDoor.all(of: file, on: loop) {
            var request = door.request
            var allowed: Set<Int> = [400, 401]
            switch fate {
            case .confirmed: allowed = [door.provider.status]
            case .brokerAway:
                door.publisher.change(to: .fail(CancellationError()))
                allowed = [503]
            case .brokerRefuses:
                door.publisher.change(to: .fail(BrokerFailure(.refused, "too large")))
                allowed = [413]
            case .tooSlow:
                request.arrival = door.ticking
                door.pass(door.provider.patience)
                allowed = [503]
            case .draining:
                door.ingress.drain()
                allowed = [503]
            case .tampered:
                request.body = utf8("{}")
                // Some schemes prove who sends, not what.
                allowed.formUnion([door.provider.status, 503])
            case .bare: request.head.headers = Headers()
            case .empty: request = Request(head: RequestHead(method: "POST", target: "/hooks/door"))
            case .large:
                request = Request(head: RequestHead(method: "POST", target: "/hooks/door"), body: Array(repeating: 0x20, count: 1 << 20))
            case .get: request = Request(head: RequestHead(method: "GET", target: "/hooks/door"))
            case .head: request = Request(head: RequestHead(method: "HEAD", target: "/hooks/door"))
            case .put: request = Request(head: RequestHead(method: "PUT", target: "/hooks/door"))
            case .delete: request = Request(head: RequestHead(method: "DELETE", target: "/hooks/door"))
            case .options: request = Request(head: RequestHead(method: "OPTIONS", target: "/hooks/door"))
            }
            switch fate {
            // An address that is tried out may answer, and Meta's own rule is 403 to a wrong token.
            case .get, .head, .put, .delete, .options:
                allowed.formUnion(fate == .get && door.provider.name == "meta" ? [200, 403, 405] : [200, 405])
            // Schemes whose proof is in the body or the URL find it there.
            case .bare: allowed.formUnion([door.provider.status, 200])
            default: break
            }
            let answer = await door.answer(request)
            #expect(allowed.contains(answer.status), "\(answer.status)")
            if answer.status == 503 { #expect(answer.headers["Retry-After"] != nil) }
            if fate == .confirmed { #expect(!door.publisher.published.isEmpty) }
        }
    }
}
