// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel

/// A text that is sent back to whoever sent it. It may be an attacker's, who has a victim's browser post it: so it is short, and
/// nothing that a browser would take for a page.
struct ChallengeText: Equatable {
    static let limit = 1024

    let text: String

    init(_ text: String, named name: String) throws(Rejection) {
        guard AttributeText.fits(text, limit: Self.limit) else {
            throw Rejection(.handshake, "\(name) must be a text of 1 to \(Self.limit) bytes without control characters")
        }
        self.text = text
    }

    /// From the query of a target, its escapes decoded; nil when there is not exactly one of that name, or it is no UTF-8.
    init?(_ name: String, inQueryOf head: RequestHead) throws(Rejection) {
        guard let bytes = FormBody.field(name, of: Array(head.query.utf8)), let text = String(validating: bytes, as: UTF8.self) else {
            return nil
        }
        try self.init(text, named: name)
    }

    var asPlainText: Response {
        Response(status: 200, headers: Headers([("Content-Type", "text/plain; charset=utf-8"), Self.noSniffing]), body: Array(text.utf8))
    }

    /// In an object of JSON.
    static func json(_ body: (inout JSONWriter) -> Void) -> Response {
        var json = JSONWriter(capacity: 256)
        json.object(body)
        return .json(200, json.bytes, headers: Headers([noSniffing]))
    }

    private static let noSniffing = ("X-Content-Type-Options", "nosniff")
}
