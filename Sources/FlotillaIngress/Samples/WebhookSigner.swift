// SPDX-License-Identifier: Apache-2.0

package import FlotillaHTTP
package import FlotillaModel

/// The provider's side of a hook: signs any body as the provider would. For `flotilla send`, and for tests.
package enum WebhookSigner {
    package static func sign(hook: Hook, sample: Sample, id: String, now: Timestamp) throws(Rejection) -> Request {
        try sign(
            hook: hook, type: sample.type, body: sample.body(id: id, now: now), contentType: sample.contentType, headers: sample.headers,
            id: id, now: now)
    }

    /// A request that the hook accepts at that time. The type is in the provider's own words, `pull_request.opened`; type and id
    /// matter where the provider says them in a header, otherwise the body says them.
    package static func sign(
        hook: Hook, type: String?, body: [UInt8], contentType: String = "application/json", headers: [(name: String, value: String)] = [],
        id: String, now: Timestamp
    ) throws(Rejection) -> Request {
        var request = Request(head: RequestHead(method: "POST", target: hook.source), body: body)
        request.head.headers.add("Content-Type", contentType)
        for header in headers { request.head.headers.add(header.name, header.value) }
        if let name = hook.provider.id?.leadingHeader { request.head.headers.add(name, id) }
        if let type, let first = hook.provider.type.first, let name = first.leadingHeader {
            // What follows the first word comes from the other fields: GitHub's action is in the body.
            let isSpread = hook.provider.type.count > 1
            request.head.headers.add(name, isSpread ? String(type.prefix { $0 != "." }) : type)
        }
        try hook.check.sign(&request, at: now)
        return request
    }
}

extension Field {
    /// The header that it comes in first of all, if it does.
    fileprivate var leadingHeader: String? {
        switch self {
        case .header(let name): name
        case .first(let fields): fields.first?.leadingHeader
        case .given(_, _, let field): field.leadingHeader
        default: nil
        }
    }
}
