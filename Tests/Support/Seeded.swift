// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The same numbers on every run, so that a case that fails can be run again (SplitMix64).
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

enum Fuzz {
    /// `scripts/test --long` asks for more.
    static let cases = ProcessInfo.processInfo.environment["FLOTILLA_FUZZ_CASES"].flatMap(Int.init) ?? 20_000

    /// A few bytes changed, taken out, doubled or put in.
    static func mutate(_ bytes: [UInt8], with random: inout Seeded) -> [UInt8] {
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
