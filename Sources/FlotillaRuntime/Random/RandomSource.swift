// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel
internal import Synchronization

/// Where randomness comes from: identifiers, jitter. Handed in through `init`. Keys and tokens are not made of it, but by FlotillaCrypto.
package protocol RandomSource: Sendable {
    func next() -> UInt64
}

/// The kernel's.
package struct SystemRandom: RandomSource {
    package init() {}

    package func next() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}

/// For tests: the same numbers on every run (SplitMix64).
package final class SeededRandom: RandomSource {
    private let state: Mutex<UInt64>

    package init(_ seed: UInt64) {
        state = Mutex(seed)
    }

    package func next() -> UInt64 {
        state.withLock { state in
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }
}

extension RandomSource {
    /// From 0 up to, not including, 1.
    package func unit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// A random UUID (version 4).
    package func uuid() -> String {
        Self.text(next() & ~0xF000 | 0x4000, next() >> 2 | 1 << 63)
    }

    /// A UUID that begins with the time (version 7), so that later ones sort behind earlier ones, to the millisecond.
    package func uuid(at time: Timestamp) -> String {
        Self.text(UInt64(clamping: time.milliseconds) << 16 | 0x7000 | next() >> 52, next() >> 2 | 1 << 63)
    }

    private static func text(_ high: UInt64, _ low: UInt64) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (index, half) in [high, low].enumerated() {
            for nibble in 0..<16 {
                if index == 0 ? nibble == 8 || nibble == 12 : nibble == 0 || nibble == 4 { text.append(UInt8(ascii: "-")) }
                text.append(digits[Int(half >> (60 - UInt64(nibble) * 4) & 15)])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
