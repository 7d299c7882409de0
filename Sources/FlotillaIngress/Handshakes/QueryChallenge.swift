// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP

/// A text in the query, sent back as it is: Dropbox's GET with `challenge`, Microsoft Graph's POST with `validationToken`. Unsigned.
/// https://www.dropbox.com/developers/reference/webhooks
/// https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks
struct QueryChallenge: Handshake {
    let method: String
    let field: String

    var methods: [String] { [method] }

    func unsigned(_ request: Request, to hook: Hook) throws(Rejection) -> UnsignedStep? {
        guard request.head.method == method else { return nil }
        if let challenge = try ChallengeText(field, inQueryOf: request.head) { return .answer(challenge.asPlainText) }
        // A method of its own has no other meaning; with that of events this is one.
        guard !hook.provider.methods.contains(method) else { return nil }
        throw Rejection(.handshake, "\(field) is missing in the query")
    }
}
