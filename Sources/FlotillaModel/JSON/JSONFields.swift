// SPDX-License-Identifier: Apache-2.0

/// One value taken out of a document. What is not a scalar is told by where it stands in the bytes.
package enum JSONField: Sendable, Equatable {
    case null
    case bool(Bool)
    /// The number's own characters: an id of twenty digits stays what it was.
    case number(String)
    case string(String)
    case object(Range<Int>)
    case array(Range<Int>)

    /// A string's text or a number's digits: providers send ids as either.
    package var text: String? {
        switch self {
        case .string(let text), .number(let text): text
        default: nil
        }
    }
}

/// Takes a few fields out of a document of any size in one pass, and checks the whole of it on the way.
package enum JSONFields {
    /// The value at each path, or nil where there is none. A path names keys of nested objects, from the outside in, and does
    /// not enter arrays; an empty path is the document itself. Where an object repeats a key, the last one counts.
    package static func extract(
        paths: [[String]], from bytes: [UInt8], depthLimit: Int = JSONScanner.defaultDepth
    ) throws(JSONFailure) -> [JSONField?] {
        try bytes.scanned { buffer throws(JSONFailure) in
            var walk = JSONWalk(paths: paths, bytes: buffer, depthLimit: depthLimit)
            return try walk.run()
        }
    }

    /// Where each element of a document stands that is an array; nil when the document is something else, or an array of more
    /// elements than the limit: of these no list is made.
    package static func elements(
        of bytes: [UInt8], limit: Int = .max, depthLimit: Int = JSONScanner.defaultDepth
    ) throws(JSONFailure) -> [Range<Int>]? {
        try bytes.scanned { buffer throws(JSONFailure) in
            var scanner = JSONScanner(buffer, depthLimit: depthLimit)
            let first = try scanner.next()
            guard first == .beginArray else {
                try scanner.skip(first)
                _ = try scanner.next()
                return nil
            }
            var elements: [Range<Int>] = []
            while true {
                let token = try scanner.next()
                if token == .endArray { break }
                guard elements.count < limit else { return nil }
                let start = scanner.start
                try scanner.skip(token)
                elements.append(start..<scanner.position)
            }
            _ = try scanner.next()
            return elements
        }
    }

    /// The first key of an object that is none of `others`; nil when there is none, or the document is something else. Reads no further
    /// than that key.
    package static func firstKey(
        of bytes: [UInt8], except others: [String] = [], depthLimit: Int = JSONScanner.defaultDepth
    ) throws(JSONFailure) -> String? {
        try bytes.scanned { buffer throws(JSONFailure) in
            var scanner = JSONScanner(buffer, depthLimit: depthLimit)
            guard try scanner.next() == .beginObject else { return nil }
            while case .key(let key) = try scanner.next() {
                let name = key.string(in: buffer)
                if !others.contains(name) { return name }
                try scanner.skip(try scanner.next())
            }
            return nil
        }
    }

    /// Throws unless the bytes are one whole JSON document.
    package static func check(_ bytes: [UInt8], depthLimit: Int = JSONScanner.defaultDepth) throws(JSONFailure) {
        _ = try extract(paths: [], from: bytes, depthLimit: depthLimit)
    }
}
