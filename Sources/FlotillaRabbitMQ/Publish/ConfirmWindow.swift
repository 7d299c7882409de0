// SPDX-License-Identifier: Apache-2.0

/// What is published on one channel and not confirmed yet, by the numbers that the broker counts with: from 1, without gaps.
struct ConfirmWindow<Element> {
    private var slots: [Element?] = []
    private var head = 0
    /// The number of the slot at `head`.
    private var first: UInt64 = 1
    private(set) var count = 0

    /// From the oldest that waits to the newest, those between that were confirmed included.
    var span: Int { slots.count - head }

    /// What was published first of what is not confirmed.
    var oldest: Element? { head < slots.count ? slots[head] : nil }

    mutating func append(_ element: Element) {
        slots.append(element)
        count += 1
    }

    /// Calls `body` for each that this answer is about, in the order of publication. A number that is unknown is about none: the broker
    /// is not trusted to count.
    mutating func settle(_ number: UInt64, multiple: Bool, _ body: (Element) -> Void) {
        // In AMQP zero with `multiple` means all.
        let last = multiple && number == 0 ? first &+ UInt64(slots.count - head) &- 1 : number
        guard last >= first, last - first < UInt64(slots.count - head) else { return }
        let place = head + Int(last - first)
        for index in (multiple ? head : place)...place {
            guard let element = slots[index] else { continue }
            slots[index] = nil
            count -= 1
            body(element)
        }
        while head < slots.count, slots[head] == nil {
            head += 1
            first += 1
        }
        compact()
    }

    mutating func update(_ body: (inout Element) -> Void) {
        for index in slots.indices where slots[index] != nil {
            if var element = slots[index] {
                body(&element)
                slots[index] = element
            }
        }
    }

    /// Everything that nobody will confirm any more; counting begins anew.
    mutating func removeAll() -> [Element] {
        defer { self = ConfirmWindow() }
        return slots.compactMap(\.self)
    }

    private mutating func compact() {
        if head == slots.count {
            slots.removeAll(keepingCapacity: slots.count <= 8192)
            head = 0
        } else if head >= 4096 {
            slots.removeFirst(head)
            head = 0
        }
    }
}
