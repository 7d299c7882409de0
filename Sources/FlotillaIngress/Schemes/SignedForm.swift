// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaHTTP

/// How the fields of a form stand in what is signed: each name and its value, by the names' bytes, nothing between them.
enum SignedForm: Sendable {
    /// A name may come several times: each of its different values once, sorted.
    case distinct
    /// A name may come once.
    case single

    /// What nobody's form has. Sorting more would be a way to keep the machine busy.
    private static let fieldLimit = 10_000

    func isForm(_ request: Request) -> Bool {
        FormBody.isAssumed(by: request.head.headers["Content-Type"])
    }

    func message(of request: Request) throws(Rejection) -> [UInt8] {
        guard var fields = FormBody.fields(of: request.body, limit: Self.fieldLimit) else {
            throw Rejection(.signature, "the body is not a form, or has too many fields")
        }
        fields.sort {
            $0.name == $1.name ? $0.value.lexicographicallyPrecedes($1.value) : $0.name.lexicographicallyPrecedes($1.name)
        }
        var bytes: [UInt8] = []
        for (index, field) in fields.enumerated() {
            if index > 0, fields[index - 1].name == field.name {
                guard self == .distinct else { throw Rejection(.signature, "a field of the form came more than once") }
                if fields[index - 1].value == field.value { continue }
            }
            bytes += field.name
            bytes += field.value
        }
        return bytes
    }
}

/// The SHA-256 of the body as a parameter of the query: how a signature over the URL covers a body.
enum BodyHash {
    static func isClaimed(by parameter: String, in request: Request) -> Bool {
        request.head.query.utf8.split(separator: UInt8(ascii: "&")).contains { $0.starts(with: parameter.utf8) }
    }

    static func check(_ parameter: String, of request: Request) throws(Rejection) {
        guard let sent = FormBody.field(parameter, of: Array(request.head.query.utf8)) else {
            throw Rejection(.url, "the query does not hold \(parameter) exactly once")
        }
        guard constantTimeEquals(sent, Array(try hash(of: request).utf8)) else {
            throw Rejection(.signature, "the body is not the one that \(parameter) was made of")
        }
    }

    static func add(_ parameter: String, to request: inout Request) throws(Rejection) {
        let mark = request.head.target.utf8.contains(UInt8(ascii: "?")) ? "&" : "?"
        request.head.target += "\(mark)\(parameter)=\(try hash(of: request))"
    }

    private static func hash(of request: Request) throws(Rejection) -> String {
        do { return Hex.encode(try Digest.sha256(request.body)) } catch {
            throw Rejection(.unavailable, "the signature can't be computed now")
        }
    }
}
