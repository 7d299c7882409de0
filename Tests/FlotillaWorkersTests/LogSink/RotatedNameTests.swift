// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import Testing

@testable internal import FlotillaWorkers

@Suite struct RotatedNameTests {
    private let second = Timestamp(milliseconds: 1_795_239_000_000)

    @Test(
        "A rotated file is named by the time, before the extension",
        arguments: [
            ("var/log/flotilla.jsonl", "flotilla-20261121T053000Z-0001.jsonl"), ("log", "log-20261121T053000Z-0001"),
            ("a.b/c", "c-20261121T053000Z-0001"), ("/x/.hidden", ".hidden-20261121T053000Z-0001"),
            ("a.tar.gz", "a.tar-20261121T053000Z-0001.gz"),
        ])
    func names(path: String, expected: String) {
        let name = RotatedName(at: second + .milliseconds(999), after: nil)
        #expect(RotatedPattern(of: path).text(name) == expected)
        #expect(RotatedPattern(of: path).name(expected) == name)
    }

    @Test func `Within a second the number grows, past four digits, too`() {
        var name = RotatedName(at: second, after: nil)
        for number in 2...10_001 {
            let next = RotatedName(at: second, after: name)
            #expect(next.number == number && name < next)
            name = next
        }
        let pattern = RotatedPattern(of: "f.log")
        #expect(pattern.text(name) == "f-20261121T053000Z-10001.log")
        #expect(pattern.name(pattern.text(name)) == name)
    }

    @Test func `A clock that was set back does not make the newest file the oldest`() {
        let newest = RotatedName(at: second, after: nil)
        let next = RotatedName(at: second - .seconds(86_400), after: newest)
        #expect(next > newest)
        #expect(RotatedName(at: second + .seconds(1), after: next) > next)
    }

    @Test(
        "What only looks like a rotated file is not one",
        arguments: [
            "f.log", "f-.log", "f-20261121T053000Z.log", "f-20261121T053000Z-1.log", "f-20261121T053000Z-00001.log",
            "f-20261121T053000Z-+001.log",
            "f-20261121X053000Z-0001.log", "f-2026112１T053000Z-0001.log", "f-20261121T053000Z-0001.log.gz", "g-20261121T053000Z-0001.log",
            "f-x-20261121T053000Z-0001.log", "f-20261121T053000Z--001.log", "f-20261121T053000Z-0001-2.log",
        ])
    func strangers(name: String) {
        #expect(RotatedPattern(of: "f.log").name(name) == nil)
    }
}
