// SPDX-License-Identifier: Apache-2.0

/// First in, first out. What was taken out is let go at once, also where it never runs empty.
package struct Fifo<Element> {
    private var slots: [Element?] = []
    private var head = 0

    /// What stays reserved when it runs empty.
    private static var kept: Int { 8192 }

    package init() {}

    package var count: Int { slots.count - head }
    package var isEmpty: Bool { head == slots.count }
    var room: Int { slots.capacity }
    package var first: Element? { isEmpty ? nil : slots[head] }

    package mutating func append(_ element: Element) {
        slots.append(element)
    }

    package mutating func popFirst() -> Element? {
        guard !isEmpty else { return nil }
        let element = slots[head].take()
        head += 1
        compact()
        return element
    }

    /// In their order.
    package mutating func removeAll() -> [Element] {
        defer { self = Fifo() }
        return slots[head...].compactMap(\.self)
    }

    package mutating func removeAll(where isDone: (Element) -> Bool) {
        slots.removeFirst(head)
        head = 0
        slots.removeAll { $0.map(isDone) ?? true }
    }

    /// Each element is moved once at most for each time that as many have left.
    private mutating func compact() {
        if isEmpty {
            slots.removeAll(keepingCapacity: slots.count <= Self.kept)
            head = 0
        } else if head >= 64, head * 2 >= slots.count {
            slots.removeFirst(head)
            head = 0
        }
    }
}

extension Fifo: Sendable where Element: Sendable {}
