// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// How many cases a test of random input takes, and how it bends them.
package enum Fuzz {
    /// `scripts/test --long` asks for more.
    package static let cases = count("FLOTILLA_FUZZ_CASES", otherwise: 50_000)

    package static func count(_ variable: String, otherwise: Int) -> Int {
        ProcessInfo.processInfo.environment[variable].flatMap(Int.init) ?? otherwise
    }

    /// A few bytes changed, taken out, doubled or put in.
    package static func mutate(_ bytes: [UInt8], with random: inout Seeded) -> [UInt8] {
        var bytes = bytes
        let spice = Array("{}[]\",:\\u0eE+-. tfn\u{0}\u{1F}é\u{10FFFF}".utf8) + [0x80, 0xC0, 0xED, 0xA0, 0xF5, 0xFF]
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0 where place < bytes.count: bytes.remove(at: place)
            case 1 where place < bytes.count: bytes[place] = spice.randomElement(using: &random) ?? 0
            case 2 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 3: bytes.removeLast(bytes.count - place)
            default: bytes.insert(spice.randomElement(using: &random) ?? 0, at: place)
            }
        }
        return bytes
    }
}
