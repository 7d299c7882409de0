// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP

/// What a request carries as `name=value`: in a form body, or in the query where there is no body.
enum Parameters {
    static func value(_ name: String, of request: VerifiedRequest) -> String? {
        let head = request.head
        guard request.body.isEmpty else {
            return FormFields.texts([name], of: request.body, declaredAs: head.headers["Content-Type"])?.first ?? nil
        }
        return FormBody.field(name, of: Array(head.query.utf8)).flatMap { String(validating: $0, as: UTF8.self) }
    }
}
