// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import FlotillaRuntime

@Suite struct FifoTests {
    private final class Thing {
        let number: Int
        init(_ number: Int) { self.number = number }
    }

    @Test("gives out what was put in, in its order, whatever is mixed")
    func order() {
        var fifo = Fifo<Int>()
        var put = 0
        var taken = 0
        // Bursts of other lengths on both sides, so that it wraps, runs empty and is compacted at all places.
        for round in 0..<400 {
            for _ in 0..<(round * 7 % 131) {
                fifo.append(put)
                put += 1
            }
            for _ in 0..<(round * 11 % 137) {
                #expect(fifo.first == (taken < put ? taken : nil))
                guard let next = fifo.popFirst() else { break }
                #expect(next == taken)
                taken += 1
            }
            #expect(fifo.count == put - taken)
            #expect(fifo.isEmpty == (put == taken))
        }
        #expect(fifo.removeAll() == Array(taken..<put))
        #expect(fifo.isEmpty && fifo.popFirst() == nil)
    }

    @Test("lets go of what was taken, and takes no more room, while something always waits")
    func freed() {
        var fifo = Fifo<Thing>()
        for number in 0..<100 { fifo.append(Thing(number)) }
        weak let first = fifo.first
        #expect(first != nil)
        _ = fifo.popFirst()
        #expect(first == nil)
        for number in 100..<100_000 {
            fifo.append(Thing(number))
            _ = fifo.popFirst()
        }
        #expect(fifo.count == 99)
        #expect(fifo.room < 1000)
    }

    @Test("what is done is taken from the middle")
    func removed() {
        var fifo = Fifo<Int>()
        for number in 0..<10 { fifo.append(number) }
        _ = fifo.popFirst()
        fifo.removeAll { $0 % 2 == 1 }
        #expect(fifo.removeAll() == [2, 4, 6, 8])
    }
}
