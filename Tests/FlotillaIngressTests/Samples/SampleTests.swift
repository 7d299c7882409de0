// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import Testing

@Suite struct SampleTests {
    static let now = seconds(1_800_000_000)
    static let all = SigningTests.providers.flatMap { name in
        ProviderTable.named(name).map { provider in Sample.all(of: provider).map { (name, $0.type) } } ?? []
    }

    @Test("a sample that is signed as its provider would is accepted, and becomes an event of its type", arguments: all)
    func accepted(provider: String, type: String) throws {
        let vector = try #require(Vector.all.first { ProviderTable.named($0.provider)?.name == provider && $0.events != nil })
        let hook = try vector.hook()
        let sample = try #require(Sample.named(type, of: hook.provider))
        let request = try WebhookSigner.sign(hook: hook, sample: sample, id: "delivery-1", now: Self.now)
        let made = try hook.split(hook.verify(request, at: Self.now), acceptedAt: Self.now, freshID: { "fresh" })
        let isNamed = type != "unknown"
        #expect(!made.isEmpty)
        #expect(made.allSatisfy { $0.rawType == (isNamed ? type : nil) })
        #expect(made.allSatisfy { $0.event.type.hasPrefix(hook.vendor + ".") && $0.event.type.hasSuffix(".unknown") == !isNamed })
    }

    @Test("every provider has a sample to begin with, and none of another's")
    func first() throws {
        for provider in ProviderTable.all {
            #expect(try Sample.named(nil, of: provider)?.type == #require(Sample.all(of: provider).first).type)
            #expect(Sample.named("no.such.type", of: provider) == nil)
        }
    }

    @Test(
        "the most used providers have samples of at least three types",
        arguments: ["github", "gitlab-token", "stripe", "slack", "shopify", "hubspot", "twilio", "standard-webhooks", "monday", "linear"])
    func several(name: String) {
        guard let provider = ProviderTable.named(name) else { return }
        #expect(Set(Sample.all(of: provider).map(\.type)).count >= 3)
    }

    @Test("a hook signs with its newest secret, so that a receiver that knows only the old one refuses")
    func newest() throws {
        let rotating = try hook("github", "new", "old")
        let request = try WebhookSigner.sign(hook: rotating, type: "push", body: utf8("{}"), id: "1", now: seconds(0))
        #expect(try verdict(hook("github", "new"), request) == nil)
        #expect(try verdict(hook("github", "old"), request) == .signature)
    }
}
