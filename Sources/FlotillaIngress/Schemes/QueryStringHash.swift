// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto

/// Atlassian's hash of a request's method, path and query, which its tokens carry as `qsh`.
/// https://developer.atlassian.com/cloud/jira/platform/understanding-jwt-for-connect-apps/#creating-a-query-string-hash
enum QueryStringHash {
    private static let parameterLimit = 1000

    /// Nil for a query with broken escapes, or more parameters than anybody sends.
    static func of(method: String, path: String, query: String) throws(Rejection) -> String? {
        guard let parameters = parameters(query) else { return nil }
        let canonical = "\(method.uppercased())&\(canonicalPath(path))&\(parameters)"
        do { return Hex.encode(try Digest.sha256(Array(canonical.utf8))) } catch {
            throw Rejection(.unavailable, "the hash can't be computed now")
        }
    }

    /// Without slashes at its end; escapes stay as they are.
    private static func canonicalPath(_ path: String) -> String {
        var rest = path[...]
        while rest.hasPrefix("/") { rest = rest.dropFirst() }
        while rest.hasSuffix("/") { rest = rest.dropLast() }
        return "/" + rest.replacing("&", with: "%26")
    }

    /// Sorted by their names; a name's values together, sorted and with commas between; the token itself left out.
    private static func parameters(_ query: String) -> String? {
        guard let fields = FormBody.fields(of: Array(query.utf8), limit: parameterLimit) else { return nil }
        var values: [[UInt8]: [[UInt8]]] = [:]
        for field in fields where !field.name.elementsEqual("jwt".utf8) { values[field.name, default: []].append(field.value) }
        let pairs = values.map { name, values in
            let sorted = values.sorted { $0.lexicographicallyPrecedes($1) }
            return (name: escaped(name), values: sorted.map(escaped).joined(separator: ","))
        }
        return pairs.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }.map { "\($0.name)=\($0.values)" }.joined(
            separator: "&")
    }

    /// RFC 3986: everything but the unreserved characters.
    private static func escaped(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for byte in bytes {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                text.append(byte)
            default:
                text.append(UInt8(ascii: "%"))
                text += Hex.encode([byte]).uppercased().utf8
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
