// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
    package static let defaultSize = 4 << 20
    package static let defaultDepth = 128

    /// Reads one whole document. The tree is built with a list of what is open, not by recursion.
    package init(
        parsing bytes: [UInt8], sizeLimit: Int = JSONValue.defaultSize, depthLimit: Int = JSONValue.defaultDepth
    ) throws(JSONFailure) {
        guard bytes.count <= sizeLimit else { throw .tooLarge(limit: sizeLimit) }
        self = try bytes.scanned { buffer throws(JSONFailure) in
            var builder = Builder(bytes: buffer, depthLimit: depthLimit)
            return try builder.run()
        }
    }

    package init(
        parsing text: String, sizeLimit: Int = JSONValue.defaultSize, depthLimit: Int = JSONValue.defaultDepth
    ) throws(JSONFailure) {
        try self.init(parsing: Array(text.utf8), sizeLimit: sizeLimit, depthLimit: depthLimit)
    }

    private struct Builder {
        private enum Open {
            case object([JSONMember], key: String)
            case array([JSONValue])
        }

        private let bytes: UnsafeBufferPointer<UInt8>
        private var scanner: JSONScanner
        private var open: [Open] = []
        private var root = JSONValue.null

        init(bytes: UnsafeBufferPointer<UInt8>, depthLimit: Int) {
            self.bytes = bytes
            scanner = JSONScanner(bytes, depthLimit: depthLimit)
        }

        mutating func run() throws(JSONFailure) -> JSONValue {
            while true {
                switch try scanner.next() {
                case .beginObject: open.append(.object([], key: ""))
                case .beginArray: open.append(.array([]))
                case .endObject, .endArray: close()
                case .key(let key): name(key.string(in: bytes))
                case .string(let text): add(.string(text.string(in: bytes)))
                case .number(let range): add(.number(String(decoding: bytes[range], as: UTF8.self)))
                case .bool(let value): add(.bool(value))
                case .null: add(.null)
                case .end: return root
                }
            }
        }

        private mutating func name(_ key: String) {
            guard case .object(let members, _) = open.popLast() else { return }
            open.append(.object(members, key: key))
        }

        private mutating func close() {
            switch open.popLast() {
            case .object(let members, _): add(.object(members))
            case .array(let elements): add(.array(elements))
            case nil: return
            }
        }

        /// What is open is taken off the list while it grows, so that it is never copied.
        private mutating func add(_ value: JSONValue) {
            switch open.popLast() {
            case .object(var members, let key):
                members.append(JSONMember(key, value))
                open.append(.object(members, key: key))
            case .array(var elements):
                elements.append(value)
                open.append(.array(elements))
            case nil: root = value
            }
        }
    }
}
