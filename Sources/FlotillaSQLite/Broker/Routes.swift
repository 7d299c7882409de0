// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel

/// Which queues an event's type is bound to; read from the file when a binding has changed.
struct Routes {
    private(set) var queues: [String: Int64] = [:]
    private var bindings: [(pattern: TopicPattern, queue: Int64)] = []
    /// Types come from outside: what is remembered is bounded, and begun anew when it is full.
    private var remembered: [String: [Int64]] = [:]
    private static let limit = 4096

    init() {}

    init(loadedBy statements: Statements) throws {
        for (id, name) in try statements.queues.rows({ ($0.integer(0), $0.text(1) ?? "") }) { queues[name] = id }
        bindings = try statements.bindings.rows { row in
            TopicPattern(row.text(1) ?? "").map { (pattern: $0, queue: row.integer(0)) }
        }.compactMap(\.self)
    }

    var isEmpty: Bool { queues.isEmpty }

    mutating func targets(of type: String) -> [Int64] {
        if let known = remembered[type] { return known }
        var found: [Int64] = []
        for binding in bindings where !found.contains(binding.queue) && binding.pattern.matches(type) { found.append(binding.queue) }
        if remembered.count >= Self.limit { remembered = [:] }
        remembered[type] = found
        return found
    }
}
