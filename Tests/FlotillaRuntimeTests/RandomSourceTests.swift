// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import FlotillaRuntime
internal import Foundation
internal import Testing

private struct Fixed: RandomSource {
    let value: UInt64
    func next() -> UInt64 { value }
}

@Suite struct RandomSourceTests {
    @Test("A unit is from 0 up to, not including, 1")
    func unit() {
        #expect(Fixed(value: 0).unit() == 0)
        #expect(Fixed(value: .max).unit() < 1)
        #expect(Fixed(value: 1 << 63).unit() == 0.5)
        let random = SystemRandom()
        let mean = (0..<10_000).reduce(0.0) { sum, _ in sum + random.unit() } / 10_000
        #expect(abs(mean - 0.5) < 0.02)
    }

    @Test("The system's numbers do not repeat")
    func system() {
        #expect(SystemRandom().next() != SystemRandom().next())
    }

    @Test("UUIDs carry their version and variant, and Foundation reads them")
    func uuids() throws {
        for source in [SystemRandom(), Fixed(value: 0), Fixed(value: .max)] as [any RandomSource] {
            for (text, version) in [(source.uuid(), "4"), (source.uuid(at: SystemClock().now), "7")] {
                #expect(UUID(uuidString: text)?.uuidString.lowercased() == text)
                #expect(String(text.dropFirst(14).prefix(1)) == version)
                #expect("89ab".contains(text.dropFirst(19).prefix(1)), "\(text)")
            }
        }
        #expect(Fixed(value: 0).uuid() == "00000000-0000-4000-8000-000000000000")
        #expect(Fixed(value: .max).uuid() == "ffffffff-ffff-4fff-bfff-ffffffffffff")
        #expect(Set((0..<1000).map { _ in SystemRandom().uuid() }).count == 1000)
    }

    @Test("A UUID that begins with the time sorts by it, to the microsecond")
    func ordered() {
        let clock = ManualClock()
        let random = SystemRandom()
        var last = ""
        for _ in 0..<3000 {
            clock.advance(by: .microseconds(1))
            let next = random.uuid(at: clock.now)
            #expect(last < next)
            last = next
        }
        #expect(Fixed(value: 0).uuid(at: Timestamp(milliseconds: 0x0123_4567_89AB)) == "01234567-89ab-7000-8000-000000000000")
        #expect(Fixed(value: 0).uuid(at: Timestamp(microseconds: 999)) == "00000000-0000-7ffb-8000-000000000000")
    }
}
