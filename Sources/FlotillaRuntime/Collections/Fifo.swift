// SPDX-License-Identifier: Apache-2.0

/// First in, first out. What was taken out is let go at once, also where it never runs empty.
///
/// Inlinable, as each message of other modules passes through one: unspecialized, it costs more than what is done with the message.
package struct Fifo<Element> {
    @usableFromInline var slots: [Element?] = []
    @usableFromInline var head = 0

    /// What stays reserved when it runs empty.
    @usableFromInline static var kept: Int { 8192 }

    @inlinable package init() {}

    @inlinable package var count: Int { slots.count - head }
    @inlinable package var isEmpty: Bool { head == slots.count }
    var room: Int { slots.capacity }
    @inlinable package var first: Element? { isEmpty ? nil : slots[head] }

    @inlinable package mutating func append(_ element: Element) {
        slots.append(element)
    }

    @inlinable package mutating func popFirst() -> Element? {
        guard !isEmpty else { return nil }
        let element = slots[head].take()
        head += 1
        compact()
        return element
    }

    /// In their order.
    @inlinable package mutating func removeAll() -> [Element] {
        defer { self = Fifo() }
        return slots[head...].compactMap(\.self)
    }

    @inlinable package mutating func removeAll(where isDone: (Element) -> Bool) {
        slots.removeFirst(head)
        head = 0
        slots.removeAll { $0.map(isDone) ?? true }
    }

    /// Each element is moved once at most for each time that as many have left.
    @inlinable mutating func compact() {
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
