// SPDX-License-Identifier: Apache-2.0

import Testing

@testable internal import FlotillaIngress

@Suite struct HookRhythmTests {
    /// What happens to a hook, at which second.
    enum Act {
        case accepted
        case refused(Rejection.Check)
        case asked(HookRhythm.Word?)
    }

    struct Story: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let acts: [(second: Double, act: Act)]

        init(_ description: String, _ acts: [(Double, Act)]) {
            testDescription = description
            self.acts = acts.map { (second: $0.0, act: $0.1) }
        }
    }

    private static let hour = 3600.0
    private static let day = 86_400.0

    private static func each(_ gap: Double, from start: Double, to end: Double) -> [(Double, Act)] {
        stride(from: start, through: end, by: gap).map { ($0, .accepted) }
    }

    private static func burst(_ count: Int, at second: Double, _ check: Rejection.Check = .signature) -> [(Double, Act)] {
        (0..<count).map { (second + Double($0), .refused(check)) }
    }

    static let stories = [
        Story(
            "never seen is told once, after hours",
            [
                (6 * hour, .asked(nil)), (6 * hour + 1, .asked(.neverSeen(seconds: 21_601))), (12 * hour, .asked(nil)),
                (13 * hour, .accepted), (13 * hour + 1, .asked(.recovered)), (13 * hour + 2, .asked(nil)),
            ]),
        Story("few requests make no rhythm", each(10, from: 0, to: 100).dropLast() + [(10 * day, .asked(nil))]),
        Story(
            "a busy hook is silent after a quarter of an hour, and again after it recovered",
            each(10, from: 0, to: 100) + [
                (1000, .asked(nil)), (1001, .asked(.silent(seconds: 901, usual: 10))), (5000, .asked(nil)), (6000, .accepted),
                (6001, .asked(.recovered)), (6002, .asked(nil)), (6000 + 2 * 5900, .asked(nil)),
                (6000 + 2 * 5900 + 1, .asked(.silent(seconds: 11_801, usual: 378))),
            ]),
        Story(
            "what was watched for a day has half a day, so that its first night is no alarm",
            each(60, from: 0, to: day) + [(1.5 * day, .asked(nil)), (1.5 * day + 1, .asked(.silent(seconds: 43_201, usual: 60)))]),
        Story(
            "a weekend is remembered until the next one",
            each(60, from: 0, to: day) + each(60, from: 3.7 * day, to: 8 * day) + [(8 * day, .asked(nil)), (10.7 * day, .asked(nil))]),
        Story(
            "a holiday is forgotten within months",
            each(hour, from: 0, to: 2 * day) + each(hour, from: 16 * day, to: 100 * day) + [
                (100.4 * day, .asked(nil)), (101 * day, .asked(.silent(seconds: 86_400, usual: 3600))),
            ]),
        Story("nine refusals are no burst", burst(9, at: 0) + [(10, .asked(nil))]),
        Story(
            "ten are, told once, until a request is accepted",
            burst(11, at: 0, .header) + [(11, .asked(.refused(.header)))] + burst(100, at: 20) + [
                (200, .asked(nil)), (300, .accepted), (301, .asked(.recovered)), (302, .asked(nil)),
            ] + burst(11, at: 400, .timestamp) + [(420, .asked(.refused(.timestamp)))]),
        Story(
            "a forgery each few minutes never adds up",
            (0..<100).map { (Double($0) * 300, .refused(.signature)) } + [(6 * hour, .asked(nil))]),
        Story(
            "forgeries among accepted requests are nobody's rotated secret",
            (0..<100).flatMap { number -> [(Double, Act)] in
                let second = Double(number) * 10
                return burst(5, at: second) + [(second + 6, .accepted)]
            } + [(1000, .asked(nil))]),
        Story(
            "what was missed and then is refused is told as both",
            each(10, from: 0, to: 100) + [(1100, .asked(.silent(seconds: 1000, usual: 10)))] + burst(11, at: 1200) + [
                (1300, .asked(.refused(.signature))), (1400, .asked(nil)), (1500, .accepted), (1501, .asked(.recovered)),
            ]),
        Story(
            "forgeries hide no silence",
            burst(11, at: 0) + [
                (12, .asked(.refused(.signature))), (6 * hour + 1, .asked(.neverSeen(seconds: 21_601))), (7 * hour, .accepted),
                (7 * hour + 1, .asked(.recovered)),
            ]),
        Story("a clock that stands still divides by nothing", (0..<100).map { _ in (5, .accepted) } + [(5, .asked(nil))]),
    ]

    @Test("a hook's rhythm says each word once", arguments: stories)
    func story(_ story: Story) {
        var rhythm = HookRhythm(start: 0)
        for (second, act) in story.acts {
            switch act {
            case .accepted: rhythm.accepted(at: second)
            case .refused(let check): rhythm.refused(check, at: second)
            case .asked(let word): #expect(rhythm.word(at: second) == word, "at \(second)")
            }
        }
    }

    @Test("silence counts from the last accepted request, and from the start before there was one")
    func silence() {
        var rhythm = HookRhythm(start: 100)
        #expect(rhythm.silence(at: 130) == 30)
        rhythm.refused(.signature, at: 140)
        #expect(rhythm.silence(at: 150) == 50)
        rhythm.accepted(at: 160)
        #expect(rhythm.silence(at: 161) == 1)
        #expect(rhythm.silence(at: 150) == 0)
    }
}
