// SPDX-License-Identifier: Apache-2.0

/// The names that a configuration knows, and its verdict on the names that it finds.
struct VariableNames {
    private var known: Set<String>
    /// Names that arose from other values, such as those of a hook.
    private var dynamic: Set<String> = []
    private var foreignPrefixes: [String] = []

    init(_ known: some Sequence<String>) {
        self.known = Set(known)
    }

    mutating func know(_ names: some Sequence<String>) {
        dynamic.formUnion(names)
    }

    mutating func leave(prefix: String) {
        foreignPrefixes.append(prefix)
    }

    enum Verdict: Equatable {
        case fine
        case misspelt(String)
        case unknown
    }

    func verdict(on name: String) -> Verdict {
        // Not only FLOTILLA_…: a slip in the prefix itself would otherwise be the one that nobody notices.
        guard name.hasPrefix("F"), !isKnown(name), !Self.isOfKubernetes(name) else { return .fine }
        guard !foreignPrefixes.contains(where: name.hasPrefix) else { return .fine }
        let fixed = known.lazy.filter { $0.hasPrefix("FLOTILLA_") }
        // A name that goes on where a dynamic one ends belongs to something else that is set up, not to a slip of the hand.
        let others = dynamic.lazy.filter { !name.hasPrefix($0 + "_") }
        let candidates = Array(fixed) + Array(others)
        if let right = Spelling.nearest(to: name, among: candidates + candidates.map { $0 + "_FILE" }) { return .misspelt(right) }
        return name.hasPrefix("FLOTILLA_") ? .unknown : .fine
    }

    private func isKnown(_ name: String) -> Bool {
        if known.contains(name) || dynamic.contains(name) { return true }
        guard name.hasSuffix("_FILE") else { return false }
        let base = String(name.dropLast(5))
        return known.contains(base) || dynamic.contains(base)
    }

    /// What Kubernetes puts into every pod for a Service whose name begins with `flotilla`.
    private static func isOfKubernetes(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        return name.hasSuffix("_SERVICE_HOST") || name.hasSuffix("_PORT") || bytes.contains(sequence: "_SERVICE_PORT")
            || bytes.contains(sequence: "_PORT_")
    }
}

extension [UInt8] {
    fileprivate func contains(sequence: StaticString) -> Bool {
        let length = sequence.utf8CodeUnitCount
        guard count >= length else { return false }
        let wanted = UnsafeBufferPointer(start: sequence.utf8Start, count: length)
        return (0...count - length).contains { self[$0..<$0 + length].elementsEqual(wanted) }
    }
}
