// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel

/// What a provider's table entry names, taken out of one verified request: the body is read once, for all fields together.
struct RequestFields {
    /// True when the body is the JSON object that the provider sends.
    let isObject: Bool
    private let headers: Headers
    private let paths: [[String]]
    private let values: [JSONField?]

    init(_ request: VerifiedRequest, of hook: Hook) {
        headers = request.head.headers
        paths = hook.paths
        let found = Self.document(of: request, hook.provider).flatMap { try? JSONFields.extract(paths: hook.paths, from: $0) }
        if let found, case .object = found.first {
            isObject = true
            values = found
        } else {
            isObject = false
            values = []
        }
    }

    /// The document itself, and whatever the provider's entry looks for in it.
    static func paths(of provider: Provider) -> [[String]] {
        ([provider.id] + provider.type + provider.tenant).reduce(into: [[]]) { paths, field in
            if case .json(let path) = field, !paths.contains(path) { paths.append(path) }
        }
    }

    /// Nil for what is absent, empty, ambiguous, or can't stand in an event's attribute.
    subscript(field: Provider.Field) -> String? {
        let value =
            switch field {
            case .header(let name): headers.unambiguous(name)
            case .json(let path): isObject ? paths.firstIndex(of: path).flatMap { values[$0]?.text } : nil
            }
        return value.flatMap { AttributeText.fits($0) ? $0 : nil }
    }

    private static func document(of request: VerifiedRequest, _ provider: Provider) -> [UInt8]? {
        guard let name = provider.formField, FormBody.isDeclared(by: request.head.headers.unambiguous("Content-Type")) else {
            return request.body
        }
        return FormBody.field(name, of: request.body)
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
