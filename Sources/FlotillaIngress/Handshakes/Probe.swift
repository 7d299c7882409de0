// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel

/// A HEAD with which a provider looks whether somebody listens. Intercom's test message is an event like any other; Mandrill's is a
/// form with an empty list, signed with a key that is nobody's: there is nothing in it to be believed.
/// https://developers.intercom.com/docs/webhooks, https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/
struct Probe: Handshake {
    /// The form's field that holds the empty list.
    var emptyList: String?

    let methods = ["HEAD"]

    func unsigned(_ request: Request, to hook: Hook) throws(Rejection) -> UnsignedStep? {
        if request.head.method == "HEAD" { return .answer(Response(status: 200)) }
        guard let emptyList, request.body.count <= HandshakeBody.limit, let list = FormBody.field(emptyList, of: request.body),
            (try? JSONFields.elements(of: list))?.isEmpty == true
        else { return nil }
        return .answer(Response(status: 200))
    }
}
