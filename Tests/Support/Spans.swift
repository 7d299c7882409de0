// SPDX-License-Identifier: Apache-2.0

/// What several processes wrote of the beginnings and ends of their runs, in one file: `+ key id pid` and `- key id pid`.
package struct Spans {
    /// Two of one key at once, both in processes that still lived.
    package private(set) var overlaps: [String] = []
    /// Ids in the order in which their runs began, for each key; those that follow on themselves once.
    package private(set) var order: [String: [String]] = [:]

    package init(_ text: String) {
        let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }.filter { $0.count == 4 }
        var last: [String: Int] = [:]
        for (place, line) in lines.enumerated() { last[line[3]] = place }
        var running: [String: [(id: String, pid: String)]] = [:]
        for (place, line) in lines.enumerated() {
            let (key, id, pid) = (line[1], line[2], line[3])
            if line[0] == "-" {
                running[key]?.removeAll { $0.id == id && $0.pid == pid }
                continue
            }
            // One that was killed in its run writes no end, and nothing else either.
            for other in running[key] ?? [] where last[other.pid].map({ $0 > place }) ?? false {
                overlaps.append("\(id) of \(pid) beside \(other.id) of \(other.pid)")
            }
            running[key, default: []].append((id, pid))
            if order[key]?.last != id { order[key, default: []].append(id) }
        }
    }

    /// Once another event has begun, the one before it never ran again.
    package func isWhole(_ key: String) -> Bool {
        let ids = order[key] ?? []
        return Set(ids).count == ids.count
    }
}
