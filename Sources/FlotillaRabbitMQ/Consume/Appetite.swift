// SPDX-License-Identifier: Apache-2.0

/// How many deliveries a consumer asks for at once. The broker counts messages and not bytes: of large ones a full prefetch would be on its
/// way, and go back, each time that a few of them are done. So after too many bytes it asks for fewer, and for more again, step by step,
/// when small ones come.
struct Appetite {
    private let most: Int
    private(set) var prefetch: Int
    /// Small ones in a row.
    private var small = 0

    /// Large events are few at a time: a prefetch alone would let hundreds of bodies into memory.
    static let byteLimit = 64 << 20

    init(most: Int) {
        self.most = most
        prefetch = most
    }

    /// Too many bytes are held, by so many deliveries.
    mutating func isFull(held: Int) {
        prefetch = max(1, min(prefetch, held / 2))
        small = 0
    }

    /// True when it is time to ask for more.
    mutating func took(bytes: Int, held: Int) -> Bool {
        guard prefetch < most else { return false }
        small = bytes <= Self.byteLimit / most ? small + 1 : 0
        guard small >= 2 * prefetch + 16, min(4 * prefetch, most - held) > prefetch else { return false }
        prefetch *= 4
        small = 0
        return true
    }

    /// What to ask for, beside what is held already.
    mutating func next(held: Int) -> Int {
        prefetch = max(1, min(prefetch, most - held))
        return prefetch
    }
}
