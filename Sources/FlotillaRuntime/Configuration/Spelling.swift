// SPDX-License-Identifier: Apache-2.0

/// Which known name somebody may have meant.
package enum Spelling {
    /// The nearest of the known names that is at most `limit` edits away; of several equally near ones the first by alphabet.
    package static func nearest(to name: String, among known: some Sequence<String>, limit: Int = 2) -> String? {
        let letters = Array(name.utf8)
        let candidates = known.compactMap { other in distance(letters, Array(other.utf8), limit: limit).map { (distance: $0, name: other) }
        }
        return candidates.min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
    }

    /// Letters put in, left out, changed, or swapped with their neighbour (Damerau-Levenshtein, optimal string alignment); nil above the limit.
    static func distance(_ left: [UInt8], _ right: [UInt8], limit: Int) -> Int? {
        guard abs(left.count - right.count) <= limit else { return nil }
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for i in 0..<left.count {
            var row = [i + 1]
            row.reserveCapacity(right.count + 1)
            for j in 0..<right.count {
                let change = last[j] + (left[i] == right[j] ? 0 : 1)
                var best = min(change, last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] { best = min(best, beforeLast[j - 1] + 1) }
                row.append(best)
            }
            guard row.contains(where: { $0 <= limit }) else { return nil }
            beforeLast = last
            last = row
        }
        return last[right.count] <= limit ? last[right.count] : nil
    }
}
