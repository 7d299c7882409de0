// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import TestSupport
import Testing

@testable import FlotillaRabbitMQ

struct AckWindowTests {
    private func window(_ count: UInt64) -> AckWindow {
        var window = AckWindow()
        let accepted = (1...count).map { window.deliver($0) }
        #expect(!accepted.contains(false))
        return window
    }

    @Test func `everything up to the first that is held is acknowledged at once`() {
        var window = window(5)
        for number in [1, 2, 3] as [UInt64] { window.settle(number, .acknowledged) }
        #expect(window.flush() == [.acknowledge(3, multiple: true)])
        #expect(window.held == 2)
        window.settle(4, .acknowledged)
        #expect(window.flush() == [.acknowledge(4, multiple: false)])
    }

    @Test func `behind one that is held each is acknowledged by itself, and once`() {
        var window = window(4)
        window.settle(3, .acknowledged)
        window.settle(2, .acknowledged)
        #expect(Set(window.flush().map { "\($0)" }).count == 2)
        #expect(window.flush() == [])
        window.settle(1, .acknowledged)
        #expect(window.flush() == [.acknowledge(1, multiple: false)])
        window.settle(4, .acknowledged)
        #expect(window.flush() == [.acknowledge(4, multiple: false)])
    }

    @Test func `what is given back is told before an acknowledgement that would cover it`() {
        var window = window(3)
        window.settle(1, .acknowledged)
        window.settle(2, .givenBack)
        window.settle(3, .acknowledged)
        #expect(window.flush() == [.giveBack(2), .acknowledge(3, multiple: true)])
        #expect(window.held == 0)
    }

    @Test func `what is given back alone is not acknowledged`() {
        var window = window(2)
        window.settle(1, .givenBack)
        window.settle(2, .givenBack)
        #expect(window.flush() == [.giveBack(1), .giveBack(2)])
    }

    @Test func `numbers that nobody delivered, or twice, change nothing`() {
        var window = window(2)
        window.settle(0, .acknowledged)
        window.settle(9, .acknowledged)
        window.settle(.max, .givenBack)
        #expect(window.flush() == [])
        let unexpected = [window.deliver(2), window.deliver(4)]
        #expect(unexpected == [false, false])
        window.settle(1, .acknowledged)
        window.settle(1, .givenBack)
        #expect(window.flush() == [.acknowledge(1, multiple: false)])
    }

    /// Against a model that forgets nothing: whatever is settled in whatever order, the broker is told of each exactly once.
    @Test(arguments: 0..<20)
    func `each settled delivery is told exactly once`(_ seed: UInt64) {
        var random = Seeded(seed)
        var window = AckWindow()
        var next: UInt64 = 1
        var held: [UInt64] = []
        var brokerHolds: Set<UInt64> = []
        for _ in 0..<400 {
            for _ in 0..<Int.random(in: 0...40, using: &random) {
                let accepted = window.deliver(next)
                #expect(accepted)
                held.append(next)
                brokerHolds.insert(next)
                next += 1
            }
            var acknowledged: Set<UInt64> = []
            var returned: Set<UInt64> = []
            for _ in 0..<Int.random(in: 0...held.count, using: &random) {
                let number = held.remove(at: Int.random(in: 0..<held.count, using: &random))
                let verdict: DeliveryVerdict = Int.random(in: 0..<5, using: &random) == 0 ? .givenBack : .acknowledged
                if verdict == .acknowledged { acknowledged.insert(number) } else { returned.insert(number) }
                window.settle(number, verdict)
            }
            for frame in window.flush() {
                switch frame {
                case .acknowledge(let number, let multiple):
                    let covered: Set<UInt64> = multiple ? brokerHolds.filter { $0 <= number } : [number]
                    #expect(covered.isSubset(of: acknowledged) && covered.isSubset(of: brokerHolds))
                    brokerHolds.subtract(covered)
                    acknowledged.subtract(covered)
                case .giveBack(let number):
                    let known = brokerHolds.remove(number) != nil
                    let asked = returned.remove(number) != nil
                    #expect(known && asked)
                }
            }
            #expect(acknowledged.isEmpty && returned.isEmpty)
            #expect(brokerHolds == Set(held) && window.held == held.count)
        }
    }
}
