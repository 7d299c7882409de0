// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP

/// What a request carries as `name=value`: in a form body, or else in its query.
enum Parameters {
    static func value(_ name: String, of request: VerifiedRequest) -> String? {
        let bytes = request.body.isEmpty ? FormBody.field(name, of: Array(request.head.query.utf8)) : FormBody.field(name, of: request.body)
        return bytes.flatMap { String(validating: $0, as: UTF8.self) }
    }
}
