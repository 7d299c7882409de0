// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine

/// The deliveries of one channel that the broker still counts as held, by its numbers: from 1, without gaps. Says which frames tell
/// the broker what was settled: one for all up to the first that is still held, one each for those behind it.
struct AckWindow {
    enum Frame: Equatable {
        case acknowledge(UInt64, multiple: Bool)
        case giveBack(UInt64)
    }

    private enum Slot { case held, acknowledged, told }

    private var slots: [Slot] = []
    private var head = 0
    private var first: UInt64 = 1
    /// Acknowledged since the last flush.
    private var fresh: [UInt64] = []
    private var returned: [UInt64] = []
    private(set) var held = 0

    /// False when the broker's number is not the next one.
    mutating func deliver(_ number: UInt64) -> Bool {
        guard number == first &+ UInt64(slots.count - head) else { return false }
        slots.append(.held)
        held += 1
        return true
    }

    mutating func settle(_ number: UInt64, _ verdict: DeliveryVerdict) {
        guard number >= first, number - first < UInt64(slots.count - head) else { return }
        let index = head + Int(number - first)
        guard slots[index] == .held else { return }
        held -= 1
        switch verdict {
        case .acknowledged:
            slots[index] = .acknowledged
            fresh.append(number)
        case .givenBack:
            slots[index] = .told
            returned.append(number)
        }
    }

    mutating func flush() -> [Frame] {
        // First: what is given back must not be covered by an acknowledgement of all up to a later one.
        var frames = returned.map(Frame.giveBack)
        returned.removeAll(keepingCapacity: true)
        var last: UInt64?
        var covered = 0
        while head < slots.count, slots[head] != .held {
            if slots[head] == .acknowledged {
                last = first
                covered += 1
            }
            head += 1
            first += 1
        }
        if let last { frames.append(.acknowledge(last, multiple: covered > 1)) }
        for number in fresh where number >= first {
            slots[head + Int(number - first)] = .told
            frames.append(.acknowledge(number, multiple: false))
        }
        fresh.removeAll(keepingCapacity: true)
        if head == slots.count {
            slots.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 4096 {
            slots.removeFirst(head)
            head = 0
        }
        return frames
    }
}
