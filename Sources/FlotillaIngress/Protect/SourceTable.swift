// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP

/// A moment for each of many networks, in memory of a fixed size. A network has its place in one small set of slots, chosen by a hash whose
/// seed is the process's own: nobody can aim at the set of another.
///
/// When a set is full, whoever has the nearest moment gives way: for debts that is the smallest one. So nobody is made to forget by those
/// who owe less, and a newcomer begins without the debts of whom it displaced.
struct SourceTable {
    private static let width = 8

    private struct Slot {
        var network = NetworkAddress.unknown
        var moment: UInt64 = 0
    }

    private var slots: [Slot]

    /// `capacity`: a power of two.
    init(capacity: Int) {
        slots = Array(repeating: Slot(), count: max(capacity, Self.width))
    }

    /// 0 for a network that is not remembered.
    subscript(network: NetworkAddress) -> UInt64 {
        slot(of: network).map { slots[$0].moment } ?? 0
    }

    mutating func set(_ network: NetworkAddress, _ moment: UInt64) {
        let place = slot(of: network) ?? set(of: network).min { slots[$0].moment < slots[$1].moment }
        if let place { slots[place] = Slot(network: network, moment: moment) }
    }

    private func slot(of network: NetworkAddress) -> Int? {
        for place in set(of: network) where slots[place].network == network { return place }
        return nil
    }

    private func set(of network: NetworkAddress) -> Range<Int> {
        var hasher = Hasher()
        hasher.combine(network)
        let first = Int(UInt(bitPattern: hasher.finalize()) % UInt(slots.count / Self.width)) * Self.width
        return first..<first + Self.width
    }
}
