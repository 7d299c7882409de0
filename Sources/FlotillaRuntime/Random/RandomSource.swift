// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel

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

extension RandomSource {
    /// From 0 up to, not including, 1.
    package func unit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// A random UUID (version 4).
    package func uuid() -> String {
        Self.text(next() & ~0xF000 | 0x4000, next() >> 2 | 1 << 63)
    }

    /// A UUID that begins with the time (version 7), so that later ones sort behind earlier ones: to a 4096th of a millisecond, as RFC 9562
    /// has it in its third method, so that one random number is enough.
    package func uuid(at time: Timestamp) -> String {
        let fraction = UInt64(max(0, time.microseconds) % 1000) * 4096 / 1000
        return Self.text(UInt64(clamping: time.milliseconds) << 16 | 0x7000 | fraction, next() >> 2 | 1 << 63)
    }

    private static func text(_ high: UInt64, _ low: UInt64) -> String {
        String(unsafeUninitializedCapacity: 36) { text in
            var place = 0
            for nibble in UInt64(0)..<32 {
                if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 {
                    text[place] = UInt8(ascii: "-")
                    place += 1
                }
                let digit = UInt8(truncatingIfNeeded: (nibble < 16 ? high : low) >> (60 - nibble % 16 * 4) & 15)
                text[place] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                place += 1
            }
            return place
        }
    }
}
