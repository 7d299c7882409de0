// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP

/// What a request carries as `name=value`: in a form body, or in the query where there is no body.
enum Parameters {
    static func value(_ name: String, of request: VerifiedRequest) -> String? {
        let head = request.head
        let isForm = head.headers["Content-Type"].map { FormBody.isDeclared(by: $0) } ?? true
        guard isForm || request.body.isEmpty else { return nil }
        let bytes = FormBody.field(name, of: request.body.isEmpty ? Array(head.query.utf8) : request.body)
        return bytes.flatMap { String(validating: $0, as: UTF8.self) }
    }
}
