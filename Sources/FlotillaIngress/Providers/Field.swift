// SPDX-License-Identifier: Apache-2.0

/// Where something stands in a request, or what is made of several such places. Plain data of the provider table; read by
/// `ItemFields`. What is absent, empty, ambiguous or can't stand in an event's attribute has no value.
indirect enum Field: Sendable, Equatable {
    case header(String)
    /// Keys of nested objects, from the outside in: of the item, or of what surrounds it at that level (0 is the document).
    case json([String], level: Int?)
    /// A field of a form body, or else of the query.
    case parameter(String)
    /// What the verified token says.
    case claim(String)
    /// The first key of the item that is none of these.
    case firstKey(except: [String])
    /// The only element of a list.
    case sole([String])
    /// These fields of every element of a list, all of them together.
    case each([String], [[String]])
    /// The host of a URL.
    case host(Field)
    /// The first that has a value.
    case first([Field])
    /// All of them with colons between; none may lack but those of `also`, whose places are then left empty.
    case joined([Field], also: [Field])
    /// The last one, if the first begins so.
    case given(Field, begins: String, Field)
    /// The header that an option of the hook names.
    case headerOption(String)
    /// The place in the JSON that an option of the hook names, as a JSON pointer.
    case pointerOption(String)

    static func json(_ keys: String...) -> Field { .json(keys, level: nil) }
    static func outer(_ level: Int, _ keys: String...) -> Field { .json(keys, level: level) }
    static func joined(_ fields: Field...) -> Field { .joined(fields, also: []) }
    static func first(_ fields: Field...) -> Field { .first(fields) }

    /// Every path that has to be read at a level of nesting, `depth` being the level of the item itself.
    func paths(at level: Int, depth: Int) -> [[String]] {
        switch self {
        case .json(let path, let own): return (own ?? depth) == level ? [path] : []
        case .sole(let path), .each(let path, _): return depth == level ? [path] : []
        case .host(let field): return field.paths(at: level, depth: depth)
        case .first(let fields): return fields.flatMap { $0.paths(at: level, depth: depth) }
        case .joined(let fields, let also): return (fields + also).flatMap { $0.paths(at: level, depth: depth) }
        case .given(let condition, _, let field): return [condition, field].flatMap { $0.paths(at: level, depth: depth) }
        case .header, .parameter, .claim, .firstKey, .headerOption, .pointerOption: return []
        }
    }

    /// The same with the hook's own options put in. Nil for an option that is not set.
    func resolved(with options: [String: String]) -> Field? {
        switch self {
        case .headerOption(let name):
            return options[name].map { .header($0) }
        case .pointerOption(let name):
            return options[name].map { .json(Self.keys(ofPointer: $0), level: nil) }
        case .first(let fields):
            let left = fields.compactMap { $0.resolved(with: options) }
            return left.isEmpty ? nil : .first(left)
        default:
            return self
        }
    }

    /// RFC 6901; our paths do not enter lists.
    private static func keys(ofPointer pointer: String) -> [String] {
        pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { key in
            key.split(separator: "~", omittingEmptySubsequences: false).enumerated().map { index, part in
                guard index > 0 else { return String(part) }
                switch part.first {
                case "1": return "/" + part.dropFirst()
                case "0": return "~" + part.dropFirst()
                default: return "~" + part
                }
            }.joined()
        }
    }
}

/// A list of a request's body whose elements are events, or hold the next list. It may stand at several paths, and what
/// stands at any of them counts; the empty path is the document or element itself.
struct ItemList: Sendable, Equatable {
    let paths: [[String]]

    /// The body is the list.
    static let body = ItemList(paths: [[]])

    static func list(_ key: String, or others: String...) -> ItemList {
        ItemList(paths: ([key] + others).map { [$0] })
    }
}
