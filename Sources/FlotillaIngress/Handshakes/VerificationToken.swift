// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// Notion, when a subscription is made: an unsigned `{"verification_token":"…"}`. The token signs every event from then on, and the
/// operator has to show it to Notion: `flotilla hooks reveal`. https://developers.notion.com/reference/webhooks
struct VerificationToken: Handshake {
    let signatureHeader: String

    let handsOverSecret = true

    func unsigned(_ request: Request, to hook: Hook) throws(Rejection) -> UnsignedStep? {
        guard request.head.headers[signatureHeader] == nil,
            let fields = HandshakeBody.fields([["verification_token"]], of: request.body), case .string(let text) = fields[0]
        else { return nil }
        return .keep(try HandedText(text, named: "verification_token").secret, answer: Response(status: 200))
    }
}
