// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import FlotillaRabbitMQ

struct ConfirmWindowTests {
    private func settled(_ window: inout ConfirmWindow<Int>, _ number: UInt64, multiple: Bool = false) -> [Int] {
        var found: [Int] = []
        window.settle(number, multiple: multiple) { found.append($0) }
        return found
    }

    private func window(_ count: Int) -> ConfirmWindow<Int> {
        var window = ConfirmWindow<Int>()
        for number in 1...count { window.append(number) }
        return window
    }

    @Test func `one confirm is about one, several about all up to it that were not confirmed before`() {
        var window = window(6)
        let answer1 = settled(&window, 3)
        #expect(answer1 == [3])
        let answer2 = settled(&window, 4, multiple: true)
        #expect(answer2 == [1, 2, 4])
        let answer3 = settled(&window, 5)
        #expect(answer3 == [5])
        #expect(window.count == 1)
        let answer4 = settled(&window, 6, multiple: true)
        #expect(answer4 == [6])
    }

    @Test func `the oldest is the first that waits still, whatever was confirmed behind it`() {
        var window = window(4)
        #expect(window.oldest == 1)
        _ = settled(&window, 3)
        #expect(window.oldest == 1)
        _ = settled(&window, 1)
        #expect(window.oldest == 2)
        _ = settled(&window, 4, multiple: true)
        #expect(window.oldest == nil)
    }

    @Test func `zero with multiple means all`() {
        var window = window(3)
        let answer5 = settled(&window, 0, multiple: true)
        #expect(answer5 == [1, 2, 3])
        let answer6 = settled(&window, 0, multiple: true)
        #expect(answer6 == [])
    }

    @Test(arguments: [0, 5, 100, UInt64.max])
    func `a number of nothing confirms nothing`(_ number: UInt64) {
        var window = window(4)
        let answer7 = settled(&window, number)
        #expect(answer7 == [])
        let answer8 = settled(&window, max(number, 5), multiple: true)
        #expect(answer8 == [])
        #expect(window.count == 4)
    }

    @Test func `nothing is confirmed twice`() {
        var window = window(3)
        let answer9 = settled(&window, 2)
        #expect(answer9 == [2])
        let answer10 = settled(&window, 2)
        #expect(answer10 == [])
        let answer11 = settled(&window, 1)
        #expect(answer11 == [1])
        let answer12 = settled(&window, 2, multiple: true)
        #expect(answer12 == [])
    }

    @Test func `what a lost connection leaves is handed out once, and counting begins anew`() {
        var window = window(3)
        _ = settled(&window, 2)
        let left = window.removeAll()
        #expect(left == [1, 3])
        #expect(window.count == 0)
        window.append(7)
        let answer13 = settled(&window, 1)
        #expect(answer13 == [7])
    }

    @Test func `a long life does not grow`() {
        var window = ConfirmWindow<Int>()
        for number in 1...100_000 {
            window.append(number)
            guard number > 10 else { continue }
            let confirmed = settled(&window, UInt64(number - 10))
            #expect(confirmed == [number - 10])
        }
        #expect(window.count == 10)
        #expect(window.span == 10)
    }

    /// What is confirmed behind it has to be remembered: whoever publishes looks at how much that is.
    @Test func `the span tells how much one that is never confirmed keeps`() {
        var window = window(1)
        for number in 2...1000 {
            window.append(number)
            _ = settled(&window, UInt64(number))
        }
        #expect(window.count == 1 && window.oldest == 1)
        #expect(window.span == 1000)
    }
}
