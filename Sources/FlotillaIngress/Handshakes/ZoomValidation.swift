// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaHTTP
internal import FlotillaModel

/// Zoom, when an endpoint is saved and every 72 hours from then on: a signed `endpoint.url_validation` with a token, answered with the
/// token and its HMAC under the hook's secret. https://developers.zoom.us/docs/api/webhooks/#validate-your-webhook-endpoint
struct ZoomValidation: Handshake {
    func signed(_ request: VerifiedRequest, to hook: Hook, at now: Timestamp) throws(Rejection) -> SignedStep? {
        guard let texts = HandshakeBody.texts([["event"], ["payload", "plainToken"]], of: request.body),
            texts[0] == "endpoint.url_validation"
        else { return nil }
        let token = try ChallengeText(texts[1] ?? "", named: "payload.plainToken").text
        // Events are signed with the same key: what could pass for the signed text of one is never answered with its signature.
        guard !token.utf8.contains(UInt8(ascii: ":")) else {
            throw Rejection(.handshake, "payload.plainToken must not hold a colon")
        }
        let code = try hook.code(of: Array(token.utf8), asSigned: request, at: now)
        return .answer(
            ChallengeText.json { json in
                json.member("plainToken", token)
                json.member("encryptedToken", Hex.encode(code))
            })
    }
}
