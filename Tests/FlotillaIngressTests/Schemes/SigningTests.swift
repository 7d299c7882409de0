// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import Testing

/// Every scheme as its own signer: what `flotilla send` posts is accepted, and by nobody who has another key.
@Suite struct SigningTests {
    static let now = seconds(1_800_000_000)
    static let bodies = [#"{"type":"a.b","value":[{"id":"1"}],"events":[]}"#, "{}", #"{"value":[{}]}"#, #"{ "a" : {} } "#]

    /// Schemes whose vectors are HMACs, hashes and tokens.
    static let providers = Set(Vector.all.filter { $0.events != nil }.compactMap { ProviderTable.named($0.provider)?.name }).sorted()

    static func hook(_ vector: Vector, keys: [HookKey]) throws -> Hook {
        var vector = vector
        vector.keys = keys
        return try vector.hook()
    }

    @Test("what a hook signs it accepts, and a hook with another key does not", arguments: providers)
    func signed(provider: String) throws {
        let vector = try #require(Vector.all.first { ProviderTable.named($0.provider)?.name == provider && $0.events != nil })
        let hook = try Self.hook(vector, keys: vector.keys)
        let stranger = try #require(Damaged.all(of: vector).first { $0.name == "other keys" }).vector.hook()
        var accepted = 0
        for body in Self.bodies {
            let request = try WebhookSigner.sign(hook: hook, type: "t", body: utf8(body), id: "id-1", now: Self.now)
            // A body without elements can't bear a token for each of them.
            guard verdict(hook, request, at: Self.now) == nil else { continue }
            accepted += 1
            #expect(verdict(stranger, request, at: Self.now) != nil)
            _ = try hook.split(hook.verify(request, at: Self.now), acceptedAt: Self.now) { "fresh" }
        }
        #expect(accepted == (provider == "msgraph" ? 2 : 4))
    }
}
