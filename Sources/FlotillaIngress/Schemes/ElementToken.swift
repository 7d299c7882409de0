// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// The token stands in every element of a list in the body. All of them have to be right, since one request may carry events of
/// several subscriptions; an empty list proves nothing.
struct ElementToken: SignatureScheme {
    let list: [String]
    let field: String

    var keyMeaning: String { "the \(field) that was given when subscribing" }

    func check(with settings: HookSettings) throws(HookFault) -> any SignatureCheck {
        ElementTokenCheck(scheme: self, tokens: ExpectedTokens(try KeyForm.text.bytes(of: settings.keys)))
    }
}

struct ElementTokenCheck: SignatureCheck {
    let scheme: ElementToken
    let tokens: ExpectedTokens

    func check(_ request: Request, at now: Timestamp) throws(Rejection) -> Claims {
        let layer = ItemFields.Layer(request.body, paths: [scheme.list])
        guard let elements = layer.elements(of: scheme.list, limit: Hook.itemLimit), !elements.isEmpty else {
            throw Rejection(.body, "the body does not hold the list \(scheme.list.joined(separator: ".")), or it is empty or too long")
        }
        for element in elements {
            let found = (try? JSONFields.extract(paths: [[scheme.field]], from: element))?.first
            guard case .string(let sent) = found ?? nil else {
                throw Rejection(.signature, "an element of the body has no \(scheme.field)")
            }
            guard tokens.contain(Array(sent.utf8)) else {
                throw Rejection(.signature, "an element of the body has a \(scheme.field) that the hook does not expect")
            }
        }
        return [:]
    }

    func sign(_ request: inout Request, at now: Timestamp) throws(Rejection) {
        let token = try tokens.toSend()
        let layer = ItemFields.Layer(request.body, paths: [scheme.list])
        guard scheme.list.count == 1, let elements = layer.elements(of: scheme.list, limit: Hook.itemLimit) else { return }
        var text = JSONWriter(capacity: token.count + 2)
        text.string(String(decoding: token, as: UTF8.self))
        var list = JSONWriter(capacity: request.body.count + 64 * elements.count)
        list.array { list in
            for element in elements { list.raw(JSONObjectText.adding(scheme.field, text.bytes, to: element)) }
        }
        request.body = JSONObjectText.adding(scheme.list[0], list.bytes, to: request.body)
    }
}
