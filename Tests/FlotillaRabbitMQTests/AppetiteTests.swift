// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import FlotillaRabbitMQ

struct AppetiteTests {
    private static let large = 8 << 20

    private func next(_ appetite: inout Appetite, held: Int) -> Int { appetite.next(held: held) }

    private func grows(_ appetite: inout Appetite, over count: Int, held: Int, bytes: (Int) -> Int = { _ in 1 }) -> Bool {
        for number in 0..<count where appetite.took(bytes: bytes(number), held: held) { return true }
        return false
    }

    @Test func `after too many bytes it asks for half of what was held`() {
        var appetite = Appetite(most: 256)
        #expect(next(&appetite, held: 0) == 256)
        appetite.isFull(held: 9)
        #expect(next(&appetite, held: 3) == 4)
        appetite.isFull(held: 1)
        #expect(next(&appetite, held: 1) == 1)
    }

    @Test func `what is held counts as a part of what may be held`() {
        var appetite = Appetite(most: 256)
        appetite.isFull(held: 256)
        #expect(next(&appetite, held: 200) == 56)
        #expect(next(&appetite, held: 256) == 1)
    }

    @Test func `large ones leave it as it is, and small ones bring it back to the most`() {
        var appetite = Appetite(most: 256)
        #expect(!grows(&appetite, over: 10_000, held: 0))
        appetite.isFull(held: 8)
        #expect(!grows(&appetite, over: 10_000, held: 4) { $0 % 20 == 0 ? Self.large : 1 })
        var asked: [Int] = []
        for _ in 0..<10_000 where appetite.took(bytes: 1, held: appetite.prefetch) { asked.append(next(&appetite, held: 0)) }
        #expect(asked == [16, 64, 256])
    }

    @Test func `it does not ask anew for less than it has`() {
        var appetite = Appetite(most: 256)
        appetite.isFull(held: 256)
        #expect(appetite.prefetch == 128)
        #expect(!grows(&appetite, over: 1000, held: 128))
        #expect(grows(&appetite, over: 1, held: 100))
        #expect(next(&appetite, held: 100) == 156)
    }
}
