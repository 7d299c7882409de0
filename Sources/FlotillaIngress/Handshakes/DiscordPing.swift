// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel

/// Discord, when an endpoint is saved: a signed `{"type":1}` for interactions, answered in kind; a signed `{"type":0}` for webhook events,
/// answered with 204. https://discord.com/developers/docs/interactions/overview#setting-up-an-endpoint
struct DiscordPing: Handshake {
    func signed(_ request: VerifiedRequest, to hook: Hook, at now: Timestamp) throws(Rejection) -> SignedStep? {
        guard let fields = HandshakeBody.fields([["type"], ["event"]], of: request.body), case .number(let type) = fields[0] else {
            return nil
        }
        switch type {
        case "0": return .answer(Response(status: 204))
        // A webhook event has the type 1, too.
        case "1" where fields[1] == nil: return .answer(ChallengeText.json { $0.member("type", 1) })
        default: return nil
        }
    }
}
