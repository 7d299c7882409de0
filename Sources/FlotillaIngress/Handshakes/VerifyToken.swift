// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaHTTP

/// Meta, when a subscription is saved: a GET with the token that the operator chose, answered with its challenge, or else with 403.
/// https://developers.facebook.com/docs/graph-api/webhooks/getting-started
struct VerifyToken: Handshake {
    static let token = HookOption("verify_token", "the token that was chosen for this hook at Meta; without it its GET is refused with 403")

    let methods = ["GET"]
    let options = [token]

    func unsigned(_ request: Request, to hook: Hook) throws(Rejection) -> UnsignedStep? {
        guard request.head.method == "GET" else { return nil }
        do throws(Rejection) {
            guard let expected = hook.settings.text(Self.token), !expected.isEmpty else {
                throw Rejection(.handshake, "the hook has no verify token: \(Self.token.variable(of: hook.name)) is not set")
            }
            guard try ChallengeText("hub.mode", inQueryOf: request.head)?.text == "subscribe" else {
                throw Rejection(.handshake, "hub.mode is not subscribe")
            }
            let token = try ChallengeText("hub.verify_token", inQueryOf: request.head)
            guard let token, constantTimeEquals(token.text[...], expected) else {
                throw Rejection(.handshake, "hub.verify_token is not the hook's")
            }
            guard let challenge = try ChallengeText("hub.challenge", inQueryOf: request.head) else {
                throw Rejection(.handshake, "hub.challenge is missing")
            }
            return .answer(challenge.asPlainText)
        } catch {
            return .refuse(error, status: 403)
        }
    }
}
