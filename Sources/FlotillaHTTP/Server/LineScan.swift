// SPDX-License-Identifier: Apache-2.0

/// What lies at the front of the bytes: a line that ends in CR LF, the beginning of one, or something that can't become one.
enum LineScan {
    /// The length without its CR LF.
    case line(Int)
    /// So many bytes need not be looked at again.
    case partial(Int)
    case refused

    /// Looks from `start` on. A line holds no control character but the tab: what a field value may hold is thereby checked, once, here.
    init(_ bytes: UnsafeRawBufferPointer, from start: Int) {
        var index = start
        let count = bytes.count
        while true {
            // Eight at a time. Both formulas may be wrong above the lowest hit of a word, never about whether there is one.
            while index &+ 8 <= count {
                let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                let low = (word &- 0x2020_2020_2020_2020) & ~word
                let flipped = word ^ 0x7F7F_7F7F_7F7F_7F7F
                let delete = (flipped &- 0x0101_0101_0101_0101) & ~flipped
                if (low | delete) & 0x8080_8080_8080_8080 != 0 { break }
                index &+= 8
            }
            let stop = min(index &+ 8, count)
            while index < stop {
                let byte = bytes[index]
                if byte == .cr {
                    // A CR that comes last is looked at again, with what follows it.
                    if index + 1 == count {
                        self = .partial(index)
                    } else {
                        self = bytes[index + 1] == .lf ? .line(index) : .refused
                    }
                    return
                }
                if (byte < .space && byte != .tab) || byte == 0x7F {
                    self = .refused
                    return
                }
                index &+= 1
            }
            if index == count {
                self = .partial(index)
                return
            }
        }
    }
}
