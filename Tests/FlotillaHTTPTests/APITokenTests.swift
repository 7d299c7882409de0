// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaRuntime
import Testing

@Suite struct APITokenTests {
    private static func read(_ text: String) -> (tokens: APITokens, fault: String?) {
        var configuration = Configuration(environment: ["FLOTILLA_API_TOKENS": text])
        let tokens = APITokens(reading: &configuration)
        do throws(ConfigurationFaults) {
            _ = try configuration.finish()
            return (tokens, nil)
        } catch {
            return (tokens, error.description)
        }
    }

    @Test func `names, scopes and tenants are read, and one name may have several tokens`() {
        let (tokens, fault) = Self.read("shop:events:abc  crm:events+search@acme:d:e=f shop:tokens:ghi")
        #expect(fault == nil)
        #expect(tokens.all.map(\.name) == ["shop", "crm", "shop"])
        #expect(tokens.all.map(\.scopes) == [[.events], [.events, .search], [.tokens]])
        #expect(tokens.all.map(\.tenant) == [nil, "acme", nil])
        #expect(tokens.named(with: .events) == ["shop", "crm"])
    }

    @Test(arguments: [
        ("hushhush", "three parts"), ("shop:hushhush", "three parts"), ("Shop:events:hushhush", "has a name"),
        (":events:hushhush", "has a name"),
        ("shop::hushhush", "has scopes"), ("shop:event:hushhush", "has scopes"), ("shop:events+:hushhush", "has scopes"),
        ("shop:events,search:hushhush", "has scopes"), ("shop:events@:hushhush", "tenant"), ("shop:events:", "has no token"),
        ("shop:events:hüshhush", "visible ASCII"), ("a:events:hushhush b:search:hushhush", "entry 2 has the token of an entry before it"),
        ("a:events@x:hush a:events@y:hushhush", "entry 2 has the name of an entry before it, but another tenant"),
    ])
    func `a faulty entry is told by its place and never shown`(text: String, fault: String) {
        let told = Self.read(text).fault
        #expect(told?.contains(fault) == true, "\(told ?? "none")")
        #expect(told?.contains("hushhush") == false)
        #expect(told?.contains("FLOTILLA_API_TOKENS must hold name:scopes[@tenant]:token") == true)
    }

    @Test func `all faults are reported together`() {
        let told = Self.read("a:b:c d:events:e f").fault ?? ""
        #expect(told.contains("entry 1") && told.contains("entry 3") && !told.contains("entry 2"))
    }

    @Test(
        arguments: [
            (["Bearer abc"], "shop", nil), (["bearer abc"], "shop", nil), (["BEARER   abc"], "shop", nil),
            (["Bearer def"], nil, .scope(.events)),
            (["Bearer ab"], nil, .wrong), (["Bearer abcd"], nil, .wrong), (["Bearer ABC"], nil, .wrong), (["Bearer abc def"], nil, .wrong),
            ([], nil, .missing), ([""], nil, .missing), (["abc"], nil, .missing), (["Bearer"], nil, .missing), (["Bearer "], nil, .missing),
            (["Basic abc"], nil, .missing), (["Bearer abc", "Bearer abc"], nil, .repeated),
            (["Bearer abc", "Bearer wrong"], nil, .repeated),
            (["Bearer x:events:abc"], nil, .wrong),
        ] as [([String], String?, AccessRefusal?)])
    func `a token opens its scopes, and nothing else opens any`(values: [String], name: String?, refusal: AccessRefusal?) {
        let tokens = Self.read("crm:search:def shop:events:abc").tokens
        let headers = Headers(values.map { ("Authorization", $0) })
        do throws(AccessRefusal) {
            let token = try tokens.access(headers, to: .events)
            #expect(token.name == name)
            #expect(refusal == nil)
        } catch {
            #expect(error == refusal)
        }
    }

    @Test func `without tokens nobody gets in`() {
        #expect(throws: AccessRefusal.wrong) { try APITokens().access(Headers([("Authorization", "Bearer abc")]), to: .events) }
    }

    @Test func `a refusal is told as RFC 6750 has it`() {
        #expect(AccessRefusal.missing.status == 401)
        #expect(AccessRefusal.missing.headers["WWW-Authenticate"] == #"Bearer realm="flotilla""#)
        #expect(AccessRefusal.wrong.status == 401)
        #expect(AccessRefusal.wrong.headers["WWW-Authenticate"] == #"Bearer realm="flotilla", error="invalid_token""#)
        #expect(AccessRefusal.scope(.search).status == 403)
        #expect(AccessRefusal.scope(.search).headers["WWW-Authenticate"]?.contains(#"scope="search""#) == true)
    }
}
