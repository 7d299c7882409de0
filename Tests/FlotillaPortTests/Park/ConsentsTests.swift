// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import Testing

struct ConsentsTests {
    private static func use(_ adapter: Adapter, _ body: (any Consents) async throws -> Void) async throws {
        try await adapter.harness { try await body(try await $0.open().parking.consents) }
    }

    @Test(arguments: Adapter.ledgers)
    func `nobody has spoken of a connection: it is unknown, and nothing is due`(_ adapter: Adapter) async throws {
        try await Self.use(adapter) { consents in
            let standing = try await consents.standing(of: "c")
            #expect(standing == Consent(connection: "c"))
            #expect(try await consents.epoch() == 0)
            #expect(try await consents.list(after: nil, limit: 10).isEmpty)
            #expect(try await consents.due(in: "q", after: nil, limit: 10).isEmpty)
            #expect(try await consents.note(of: "c", in: "q") == nil)
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `each authorisation has a larger epoch than everything before it`(_ adapter: Adapter) async throws {
        try await Self.use(adapter) { consents in
            var last = try await consents.epoch()
            for name in ["a", "b", "a", "a"] {
                let consent = try await consents.authorise(name)
                #expect(consent.state == .authorised && consent.epoch > last && consent.since != nil)
                #expect(try await consents.standing(of: name) == consent)
                #expect(try await consents.epoch() == consent.epoch)
                last = consent.epoch
            }
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `a connection is lost for a run that saw its last authorisation, not for one that began before it`(_ adapter: Adapter)
        async throws
    {
        try await Self.use(adapter) { consents in
            let before = try await consents.epoch()
            let authorised = try await consents.authorise("c")
            #expect(try await consents.lose("c", seen: before, parkedIn: "q") == authorised)
            #expect(try await consents.standing(of: "c") == authorised)
            let lost = try await consents.lose("c", seen: authorised.epoch, parkedIn: "q")
            #expect(lost.state == .lost && lost.epoch == authorised.epoch)
            // One that was late with it says nothing new.
            #expect(try await consents.lose("c", seen: before, parkedIn: "q") == lost)
            #expect(try await consents.lose("unheard", seen: 0, parkedIn: "q").state == .lost)
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `what was parked is due in its queue, and in no other, once its connection is authorised`(_ adapter: Adapter) async throws {
        try await Self.use(adapter) { consents in
            _ = try await consents.lose("c", seen: 0, parkedIn: "q")
            _ = try await consents.lose("d", seen: 0, parkedIn: "q")
            #expect(try await consents.due(in: "q", after: nil, limit: 10).isEmpty)
            let authorised = try await consents.authorise("c")
            _ = try await consents.authorise("e")
            #expect(try await consents.due(in: "q", after: nil, limit: 10) == [authorised])
            #expect(try await consents.due(in: "other", after: nil, limit: 10).isEmpty)
            _ = try await consents.lose("c", seen: authorised.epoch, parkedIn: "q")
            #expect(try await consents.due(in: "q", after: nil, limit: 10).isEmpty)
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `a drained park is due no more; one that was noted or changed meanwhile is`(_ adapter: Adapter) async throws {
        try await Self.use(adapter) { consents in
            func due() async throws -> Bool { try await consents.due(in: "q", after: nil, limit: 10).isEmpty == false }
            _ = try await consents.lose("c", seen: 0, parkedIn: "q")
            let first = try #require(try await consents.note(of: "c", in: "q"))
            // Not while it is lost.
            try await consents.drained(first)
            #expect(try await consents.note(of: "c", in: "q") == first)

            var authorised = try await consents.authorise("c")
            // The look began before the authorisation.
            try await consents.drained(first)
            #expect(try await due())

            // A run that began before it parks once more while somebody looks through the park.
            let second = try #require(try await consents.note(of: "c", in: "q"))
            _ = try await consents.lose("c", seen: authorised.epoch - 1, parkedIn: "q")
            try await consents.drained(second)
            #expect(try await due())

            // Lost and authorised again while somebody looks.
            let third = try #require(try await consents.note(of: "c", in: "q"))
            _ = try await consents.lose("c", seen: authorised.epoch, parkedIn: "q")
            authorised = try await consents.authorise("c")
            try await consents.drained(third)
            #expect(try await due())

            let last = try #require(try await consents.note(of: "c", in: "q"))
            try await consents.drained(last)
            #expect(try await due() == false)
            #expect(try await consents.note(of: "c", in: "q") == nil)
            // A note that is made anew is another one.
            _ = try await consents.lose("c", seen: authorised.epoch - 1, parkedIn: "q")
            try await consents.drained(last)
            #expect(try await due())
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `what was parked without a note gets one`(_ adapter: Adapter) async throws {
        try await Self.use(adapter) { consents in
            try await consents.note("c", parkedIn: "q")
            #expect(try await consents.due(in: "q", after: nil, limit: 10).isEmpty)
            let authorised = try await consents.authorise("c")
            #expect(try await consents.due(in: "q", after: nil, limit: 10) == [authorised])
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `lists go on behind a name`(_ adapter: Adapter) async throws {
        try await Self.use(adapter) { consents in
            for name in ["b", "d", "a", "c", "e"] {
                _ = try await consents.lose(name, seen: 0, parkedIn: "q")
                _ = try await consents.authorise(name)
            }
            func names(_ page: [Consent]) -> [String] { page.map(\.connection) }
            #expect(try await names(consents.list(after: nil, limit: 2)) == ["a", "b"])
            #expect(try await names(consents.list(after: "b", limit: 9)) == ["c", "d", "e"])
            #expect(try await names(consents.due(in: "q", after: nil, limit: 2)) == ["a", "b"])
            #expect(try await names(consents.due(in: "q", after: "d", limit: 2)) == ["e"])
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `names of any length and any characters are kept apart; an empty one is none`(_ adapter: Adapter) async throws {
        try await Self.use(adapter) { consents in
            var epochs: [Int64] = []
            for name in ConnectionNames.odd {
                #expect(try await consents.lose(name, seen: 0, parkedIn: "q").state == .lost)
                epochs.append(try await consents.authorise(name).epoch)
                #expect(try await consents.note(of: name, in: "q") != nil)
            }
            for (name, epoch) in zip(ConnectionNames.odd, epochs) { #expect(try await consents.standing(of: name).epoch == epoch) }
            #expect(try await consents.list(after: nil, limit: 100).count == ConnectionNames.odd.count)
            await #expect(throws: ConnectionName.Missing.self) { try await consents.authorise("") }
            await #expect(throws: ConnectionName.Missing.self) { try await consents.lose("", seen: 0, parkedIn: "q") }
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `what one process promised another one sees, also after the first was killed`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let (first, second) = (try await harness.open(), try await harness.open())
            let authorised = try await first.parking.consents.authorise("c")
            #expect(try await second.parking.consents.standing(of: "c") == authorised)
            let lost = try await second.parking.consents.lose("c", seen: authorised.epoch, parkedIn: "q")
            #expect(try await first.parking.consents.standing(of: "c") == lost)
            await first.vanish()
            await second.vanish()
            let third = try await harness.open()
            #expect(try await third.parking.consents.standing(of: "c") == lost)
            #expect(try await third.parking.consents.note(of: "c", in: "q") != nil)
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `of many authorisations at once from several processes each has an epoch of its own`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let holders = [try await harness.open(), try await harness.open()]
            let epochs = try await withThrowingTaskGroup(of: Int64.self) { group in
                for number in 0..<40 {
                    let consents = holders[number % 2].parking.consents
                    group.addTask { try await consents.authorise("c\(number % 7)").epoch }
                }
                return try await group.reduce(into: [Int64]()) { $0.append($1) }
            }
            #expect(Set(epochs).count == 40)
            #expect(try await holders[0].parking.consents.epoch() == epochs.max())
        }
    }
}

enum ConnectionNames {
    static let odd = [
        "c", "C", " ", "a b", "a\nb", "a\rb", "a\u{0}b", "c=1", "connection=c", "caf\u{E9}", "cafe\u{301}", "\u{301}",
        "'; DROP TABLE letter",
        "a~b", "100%_", String(repeating: "x", count: 200), String(repeating: "x", count: 201), String(repeating: "x", count: 255),
        String(repeating: "x", count: 5000), String(repeating: "x", count: 5000) + "y", String(repeating: "\u{1F680}", count: 300),
    ]
}
