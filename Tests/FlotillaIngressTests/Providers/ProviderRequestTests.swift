// SPDX-License-Identifier: Apache-2.0

import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import Testing

/// Requests that were signed by other code than ours, and everything that may not become of them.
@Suite struct ProviderRequestTests {
    static let valid = Vector.all.filter { $0.events != nil }
    static let hostile = Vector.all.filter { $0.events == nil }

    @Test("a provider's own request is let in, and becomes the events that it tells of", arguments: valid)
    func accepted(_ vector: Vector) throws {
        let hook = try vector.hook()
        var fresh = 0
        let made = try hook.split(try hook.verify(vector.request, at: vector.now), acceptedAt: vector.now) {
            fresh += 1
            return "fresh-\(fresh)"
        }
        let events = made.map { one in
            Vector.Event(id: one.idIsStable ? one.event.id : nil, type: one.event.type, rawType: one.rawType, tenant: one.event.tenant)
        }
        #expect(events == vector.events)
        #expect(Set(made.map(\.event.id)).count == made.count)
        #expect(made.filter { !$0.idIsStable }.count == fresh)
    }

    @Test("what only looks like a provider's request is refused", arguments: hostile)
    func refused(_ vector: Vector) {
        let verdict = vector.verdict()
        #expect(verdict != nil)
        if let check = vector.check { #expect(verdict?.rawValue == check) }
    }

    @Test("nothing that was made of a provider's request is let in", arguments: valid)
    func damaged(_ vector: Vector) {
        for damage in Damaged.all(of: vector) {
            #expect(damage.vector.verdict() != nil, "\(damage.name)")
        }
    }

    @Test("every scheme has at least three requests to let in and eight to refuse")
    func enough() {
        func own(_ vectors: [Vector], _ provider: Provider) -> [Vector] {
            vectors.filter { ProviderTable.named($0.provider)?.name == provider.name }
        }
        for provider in ProviderTable.all where Vector.all.contains(where: { $0.provider == provider.name }) {
            let valid = own(Self.valid, provider)
            let damaged = valid.first.map { Damaged.all(of: $0).count } ?? 0
            #expect(valid.count >= 3 && own(Self.hostile, provider).count + damaged >= 8, "\(provider.name)")
        }
    }
}
