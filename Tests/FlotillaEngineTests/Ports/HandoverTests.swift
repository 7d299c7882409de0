// SPDX-License-Identifier: Apache-2.0

import FlotillaModel
import Synchronization
import Testing

@testable import FlotillaEngine

@Suite(.timeLimit(.minutes(1))) struct HandoverTests {
    private final class Source: DeliverySource {
        let verdicts = Mutex<[Int64: DeliveryVerdict]>([:])
        func settle(_ delivery: Delivery, _ verdict: DeliveryVerdict) { verdicts.withLock { $0[delivery.tag] = verdict } }
    }

    private let source = Source()
    private let handover = Handover()

    private func delivery(_ tag: Int64) throws -> Delivery {
        let event = try Event(id: "\(tag)", source: "/s", type: "t")
        return Delivery(queue: "q", content: .success(event), passage: Passage(), accepted: nil, tag: tag, source: source)
    }

    @Test("what a worker took is let go, also while something always waits")
    func freed() async throws {
        weak var first: Delivery?
        do {
            let delivery = try delivery(0)
            first = delivery
            handover.accept([delivery])
        }
        for tag in Int64(1)..<100 { handover.accept([try delivery(tag)]) }
        #expect(await handover.next {}?.tag == 0)
        #expect(first == nil)
        #expect(!handover.isEmpty)
    }

    @Test("who waits gets what comes, in order; what comes after the end is given back, and who waits then gets nil")
    func waiting() async throws {
        async let one = handover.next {}
        handover.accept([try delivery(1), try delivery(2)])
        let tags = [await one?.tag, await handover.next {}?.tag]
        #expect(Set(tags) == [1, 2])
        async let none = handover.next {}
        handover.accept([try delivery(3)])
        #expect(await none?.tag == 3)
        handover.accept([try delivery(4)])
        #expect(handover.end().map(\.tag) == [4])
        handover.accept([try delivery(5)])
        #expect(source.verdicts.withLock { $0 } == [5: .givenBack])
        #expect(await handover.next {} == nil)
    }

    @Test("the end wakes whoever waits, and a cancelled task says that it is done")
    func ended() async throws {
        let waiting = Task { await handover.next { _ = handover.end() } }
        waiting.cancel()
        #expect(await waiting.value == nil)
        #expect(handover.isEnded)
    }
}
