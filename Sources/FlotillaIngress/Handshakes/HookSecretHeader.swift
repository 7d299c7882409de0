// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP

/// Asana, while a webhook is being made: a POST with the webhook's secret in a header, answered with the same header.
/// https://developers.asana.com/docs/webhooks-guide
struct HookSecretHeader: Handshake {
    static let name = "X-Hook-Secret"

    let handsOverSecret = true

    func unsigned(_ request: Request, to hook: Hook) throws(Rejection) -> UnsignedStep? {
        guard request.head.headers[Self.name] != nil else { return nil }
        let secret = try HandedText(request.head.headers.single(Self.name), named: Self.name)
        return .keep(secret.secret, answer: Response(status: 200, headers: Headers([(Self.name, secret.text)])))
    }
}
