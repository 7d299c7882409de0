// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel

/// A HEAD with which a provider looks whether somebody listens, and the empty message that it tries next.
/// https://developers.intercom.com/docs/webhooks, https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/
struct Probe: Handshake {
    enum Message: Sendable {
        /// A form whose field holds an empty list: Mandrill's, signed with a key that is nobody's. There is nothing in it to be believed.
        case emptyList(inField: String)
        /// A signed message with this member.
        case member(String, String)
    }

    let message: Message

    let methods = ["HEAD"]

    func unsigned(_ request: Request, to hook: Hook) throws(Rejection) -> UnsignedStep? {
        if request.head.method == "HEAD" { return .answer(Response(status: 200)) }
        guard case .emptyList(let name) = message, request.body.count <= HandshakeBody.limit,
            let list = FormBody.field(name, of: request.body), (try? JSONFields.elements(of: list))?.isEmpty == true
        else { return nil }
        return .answer(Response(status: 200))
    }

    func signed(_ request: VerifiedRequest, to hook: Hook, at now: Timestamp) throws(Rejection) -> SignedStep? {
        guard case .member(let name, let value) = message, HandshakeBody.texts([[name]], of: request.body) == [value] else { return nil }
        return .answer(Response(status: 200))
    }
}
