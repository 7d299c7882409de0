// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel

/// What a provider's table entry names, taken out of one event of a verified request: the item, what surrounds it, and the
/// request's own headers and parameters.
struct ItemFields {
    let request: VerifiedRequest
    /// From the document to the item.
    let layers: [Layer]

    /// One value of the JSON, read once for all the fields that are wanted of it.
    struct Layer {
        let bytes: [UInt8]
        let paths: [[String]]
        /// Empty when the bytes are no JSON. The first path is the value itself.
        let values: [JSONField?]

        init(_ bytes: [UInt8], paths: [[String]]) {
            self.bytes = bytes
            self.paths = paths
            values = (try? JSONFields.extract(paths: paths, from: bytes)) ?? []
        }

        var isObject: Bool {
            if case .object = values.first { true } else { false }
        }

        subscript(path: [String]) -> JSONField? {
            guard !values.isEmpty, let place = paths.firstIndex(of: path) else { return nil }
            return values[place]
        }

        func holdsList(at path: [String]) -> Bool {
            if case .array = self[path] { true } else { false }
        }

        /// The bytes of every element of the list at that path; nil where there is no list, or a longer one than `limit`.
        func elements(of path: [String], limit: Int) -> [[UInt8]]? {
            guard case .array(let range) = self[path] else { return nil }
            let list = range.count == bytes.count ? bytes : Array(bytes[range])
            guard let places = try? JSONFields.elements(of: list, limit: limit) else { return nil }
            return places.map { Array(list[$0]) }
        }
    }

    /// The paths to read at each level for a provider, the value itself first.
    static func paths(of provider: Provider) -> [[[String]]] {
        let fields = [provider.id, provider.tenant].compactMap { $0 } + provider.type
        let depth = provider.items.count
        return (0...depth).map { level in
            let lists = level < depth ? provider.items[level].paths : []
            return (lists + fields.flatMap { $0.paths(at: level, depth: depth) }).reduce(into: [[]]) { paths, path in
                if !paths.contains(path) { paths.append(path) }
            }
        }
    }

    /// Whether the item is the JSON object that the provider sends.
    var isObject: Bool { layers.last?.isObject == true }

    subscript(field: Field) -> String? {
        value(of: field).flatMap { AttributeText.fits($0) ? $0 : nil }
    }

    private func value(of field: Field) -> String? {
        switch field {
        case .header(let name): request.head.headers.unambiguous(name)
        case .json(let path, let level): layer(level)?[path]?.text
        case .parameter(let name): Parameters.value(name, of: request)
        case .claim(let name): request.claims[name]
        case .firstKey(let others): (layers.last?.bytes).flatMap { try? JSONFields.firstKey(of: $0, except: others) }
        case .sole(let path): elements(path, limit: 1)?.first.flatMap { text(of: $0, at: []) }
        case .each(let path, let wanted): all(wanted, of: path)
        case .host(let url): self[url].flatMap { URLParts($0)?.host }
        case .first(let fields): fields.lazy.compactMap { self[$0] }.first
        case .joined(let fields, let also): joined(fields, also)
        case .given(let condition, let prefix, let field): self[condition]?.hasPrefix(prefix) == true ? self[field] : nil
        // Put in when the hook was made; one that is left is not set.
        case .headerOption, .pointerOption: nil
        }
    }

    private func layer(_ level: Int?) -> Layer? {
        guard let level else { return layers.last }
        return level < layers.count ? layers[level] : nil
    }

    private func elements(_ path: [String], limit: Int) -> [[UInt8]]? {
        layers.last?.elements(of: path, limit: limit)
    }

    private func text(of json: [UInt8], at path: [String]) -> String? {
        guard let found = try? JSONFields.extract(paths: [path], from: json) else { return nil }
        return found[0]?.text
    }

    private func joined(_ fields: [Field], _ also: [Field]) -> String? {
        let needed = fields.compactMap { self[$0] }
        guard needed.count == fields.count else { return nil }
        return (needed + also.map { self[$0] ?? "" }).joined(separator: ":")
    }

    /// An id that is made of more than this would not fit an attribute anyway.
    private static let idLimit = 64

    private func all(_ wanted: [[String]], of path: [String]) -> String? {
        guard let elements = elements(path, limit: Self.idLimit), !elements.isEmpty else { return nil }
        let texts = elements.flatMap { element in wanted.compactMap { text(of: element, at: $0) } }
        return texts.count == elements.count * wanted.count ? texts.joined(separator: ":") : nil
    }
}

/// What an attribute of an event can hold. A provider's value that breaks these rules is left out, since the event is worth
/// more than one of its labels.
enum AttributeText {
    static let limit = 4096

    static func fits(_ text: String, limit: Int = limit) -> Bool {
        (1...limit).contains(text.utf8.count) && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }
}
