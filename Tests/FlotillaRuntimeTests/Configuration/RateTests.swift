// SPDX-License-Identifier: Apache-2.0

import FlotillaRuntime
import Testing

@Suite struct RateTests {
    @Test(
        "a rate is a count in a second, a minute or an hour",
        arguments: [
            ("100/s", 100, 1), ("6000/m", 6000, 60), ("6000/min", 6000, 60), ("1/h", 1, 3600), ("999999999/s", 999_999_999, 1),
        ] as [(String, Int, Int)])
    func reads(_ text: String, _ count: Int, _ seconds: Int) {
        #expect(Rate(text)?.count == count)
        #expect(Rate(text)?.period == .seconds(seconds))
    }

    @Test(
        "what is none is refused",
        arguments: ["", "100", "/s", "0/s", "-1/s", "+1/s", "1.5/s", "100/d", "100/", "100/s/s", "1e3/s", "1000000000/s", "100 /s"])
    func refuses(_ text: String) {
        #expect(Rate(text) == nil)
    }

    @Test("all of a period may come at once; then one comes back after the other, and never more than all")
    func paces() throws {
        let pace = Pace(try #require(Rate("4/s")))
        var restored: UInt64 = 0
        var now: UInt64 = 1_000_000_000
        for _ in 0..<4 {
            #expect(pace.wait(restored, at: now) == 0)
            pace.spend(&restored, at: now)
        }
        #expect(pace.wait(restored, at: now) == 250_000_000)
        now += 250_000_000
        #expect(pace.wait(restored, at: now) == 0)
        pace.spend(&restored, at: now)
        #expect(pace.wait(restored, at: now) == 250_000_000)
        // Who goes on regardless waits no longer than one who doesn't.
        for _ in 0..<100 { pace.spend(&restored, at: now) }
        #expect(pace.wait(restored, at: now) == 250_000_000)
        now += 60_000_000_000
        for _ in 0..<4 { pace.spend(&restored, at: now) }
        #expect(pace.wait(restored, at: now) == 250_000_000)
    }
}
