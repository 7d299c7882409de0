// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel

/// Slack, when an app's request URL is saved: a signed `{"type":"url_verification","challenge":"…"}`, answered with the challenge.
/// https://docs.slack.dev/reference/events/url_verification
struct SlackChallenge: Handshake {
    func signed(_ request: VerifiedRequest, to hook: Hook, at now: Timestamp) throws(Rejection) -> SignedStep? {
        guard let texts = HandshakeBody.texts([["type"], ["challenge"]], of: request.body), texts[0] == "url_verification" else {
            return nil
        }
        return .answer(try ChallengeText(texts[1] ?? "", named: "challenge").asPlainText)
    }
}
