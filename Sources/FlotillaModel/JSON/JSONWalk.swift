// SPDX-License-Identifier: Apache-2.0

/// One pass of `JSONFields.extract` over one document.
struct JSONWalk {
    private let paths: [[String]]
    private let bytes: UnsafeBufferPointer<UInt8>
    private var scanner: JSONScanner
    private var found: [JSONField?]
    /// For each path, how many of its keys are matched by the keys that led to where the scanner is. A key at depth d forgets
    /// what was matched from d on, so that an end of an object needs no work; and an array, which has no keys, matches nothing below.
    private var matched: [Int]
    /// The paths whose value comes next.
    private var wanted: [Int]
    /// The wanted objects and arrays that are still open, innermost last.
    private var containers: [(path: Int, depth: Int, start: Int)] = []

    init(paths: [[String]], bytes: UnsafeBufferPointer<UInt8>, depthLimit: Int) {
        self.paths = paths
        self.bytes = bytes
        scanner = JSONScanner(bytes, depthLimit: depthLimit)
        found = Array(repeating: nil, count: paths.count)
        matched = Array(repeating: 0, count: paths.count)
        wanted = paths.indices.filter { paths[$0].isEmpty }
    }

    mutating func run() throws(JSONFailure) -> [JSONField?] {
        while true {
            switch try scanner.next() {
            case .key(let key):
                match(key)
                continue
            case .beginObject, .beginArray:
                for path in wanted { containers.append((path, scanner.depth, scanner.start)) }
            case .endObject: ended { .object($0) }
            case .endArray: ended { .array($0) }
            case .string(let text): take { .string(text.string(in: $0)) }
            case .number(let range): take { .number(String(decoding: $0[range], as: UTF8.self)) }
            case .bool(let value): take { _ in .bool(value) }
            case .null: take { _ in .null }
            case .end: return found
            }
            wanted.removeAll(keepingCapacity: true)
        }
    }

    private mutating func match(_ key: JSONText) {
        let depth = scanner.depth
        for index in paths.indices where matched[index] >= depth - 1 {
            matched[index] = depth - 1
            let path = paths[index]
            guard path.count >= depth, key.equals(path[depth - 1], in: bytes) else { continue }
            // The last of equal keys counts, so whatever an earlier one led to is forgotten.
            found[index] = nil
            if path.count == depth { wanted.append(index) } else { matched[index] = depth }
        }
    }

    private mutating func take(_ field: (UnsafeBufferPointer<UInt8>) -> JSONField) {
        for index in wanted { found[index] = field(bytes) }
    }

    private mutating func ended(_ field: (Range<Int>) -> JSONField) {
        while let last = containers.last, last.depth == scanner.depth + 1 {
            found[last.path] = field(last.start..<scanner.position)
            containers.removeLast()
        }
    }
}
