// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel

/// monday, when a webhook is made: `{"challenge":"…"}`, answered with the same object. It may come unsigned.
/// https://developer.monday.com/api-reference/reference/webhooks
struct MondayChallenge: Handshake {
    func unsigned(_ request: Request, to hook: Hook) throws(Rejection) -> UnsignedStep? {
        guard let fields = HandshakeBody.fields([["challenge"], ["event"]], of: request.body),
            case .string(let challenge) = fields[0], fields[1] == nil
        else { return nil }
        let text = try ChallengeText(challenge, named: "challenge").text
        return .answer(ChallengeText.json { $0.member("challenge", text) })
    }
}
