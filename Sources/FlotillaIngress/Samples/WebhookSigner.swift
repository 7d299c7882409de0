// SPDX-License-Identifier: Apache-2.0

package import FlotillaHTTP
package import FlotillaModel

/// The provider's side of a hook: signs any body as the provider would. For `flotilla send`, and for tests.
package enum WebhookSigner {
    /// The headers of a request that the hook accepts at that time. The type is in the provider's own words, `pull_request.opened`;
    /// it matters where the provider says it in a header, otherwise the body says it.
    package static func sign(hook: Hook, type: String?, body: [UInt8], id: String, now: Timestamp) throws(Rejection) -> Headers {
        var request = Request(head: RequestHead(method: "POST", target: hook.source), body: body)
        request.head.headers.add("Content-Type", "application/json")
        if case .header(let name) = hook.provider.id { request.head.headers.add(name, id) }
        if let type, case .header(let name) = hook.provider.type.first {
            // What follows the first word comes from the other fields: GitHub's action is in the body.
            let isSpread = hook.provider.type.count > 1
            request.head.headers.add(name, isSpread ? String(type.prefix { $0 != "." }) : type)
        }
        try hook.check.sign(&request, at: now)
        return request.head.headers
    }
}
