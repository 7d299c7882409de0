// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import Testing

@Suite struct SampleTests {
    static let secrets = ["github": "It's a Secret to Everybody", "standard-webhooks": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
    static let all = ProviderTable.all.flatMap { provider in Sample.all(of: provider).map { (provider.name, $0.type) } }

    @Test("a sample that is signed as its provider would is accepted, and becomes an event of its type", arguments: all)
    func accepted(provider: String, type: String) throws {
        let hook = try hook(provider, #require(Self.secrets[provider]), name: "door")
        let sample = try #require(Sample.named(type, of: hook.provider))
        let request = try WebhookSigner.sign(hook: hook, sample: sample, id: "delivery-1", now: seconds(1_800_000_000))
        let made = try hook.split(hook.verify(request, at: seconds(1_800_000_000)), acceptedAt: seconds(0), freshID: { "fresh" })
        #expect(made.map(\.event.type) == ["\(hook.vendor).\(type)"])
        #expect(made.map(\.event.id) == ["delivery-1"])
        #expect(made.map(\.rawType) == [type])
    }

    @Test("a provider that has samples has one to begin with, and none of another's")
    func first() throws {
        for provider in ProviderTable.all where !Sample.all(of: provider).isEmpty {
            #expect(Sample.named(nil, of: provider)?.type == Sample.all(of: provider).first?.type)
            #expect(Sample.all(of: provider).count >= 3)
            #expect(Sample.named("no.such.type", of: provider) == nil)
        }
    }

    @Test("a hook signs with its newest secret, so that a receiver that knows only the old one refuses")
    func newest() throws {
        let rotating = try hook("github", "new", "old")
        let request = try WebhookSigner.sign(hook: rotating, type: "push", body: utf8("{}"), id: "1", now: seconds(0))
        #expect(try verdict(hook("github", "new"), request) == nil)
        #expect(try verdict(hook("github", "old"), request) == .signature)
    }
}
