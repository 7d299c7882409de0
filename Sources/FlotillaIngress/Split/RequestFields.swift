// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel

/// What a provider's table entry names, taken out of one verified request: the body is read once, for all fields together.
struct RequestFields {
    /// True when the body is the JSON object that the provider sends.
    let isObject: Bool
    private let headers: Headers
    private let values: [[String]: String]

    init(_ request: VerifiedRequest, of provider: Provider) {
        headers = request.head.headers
        var paths: [[String]] = [[]]
        for case .json(let path) in [provider.id] + provider.type + provider.tenant { paths.append(path) }
        guard let document = Self.document(of: request, provider),
            let found = try? JSONFields.extract(paths: paths, from: document), case .object = found[0]
        else {
            isObject = false
            values = [:]
            return
        }
        isObject = true
        var values: [[String]: String] = [:]
        for (path, field) in zip(paths, found).dropFirst() { values[path] = field?.text }
        self.values = values
    }

    /// Nil for what is absent, empty, ambiguous, or can't stand in an event's attribute.
    subscript(field: Provider.Field) -> String? {
        let value =
            switch field {
            case .header(let name): headers.unambiguous(name)
            case .json(let path): values[path]
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
