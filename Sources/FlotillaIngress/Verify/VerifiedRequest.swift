// SPDX-License-Identifier: Apache-2.0

package import FlotillaHTTP
package import FlotillaModel

/// A request that its hook's scheme has found to be the provider's. Made by `Hook.verify` alone, and all that `split` takes:
/// an event of an unverified request does not compile.
package struct VerifiedRequest: Sendable {
    package let head: RequestHead
    package let body: [UInt8]
    /// What the proof itself says.
    let claims: Claims

    fileprivate init(_ request: Request, _ claims: Claims) {
        head = request.head
        body = request.body
        self.claims = claims
    }
}

extension Hook {
    /// Checks the raw bytes, before anything reads them.
    package func verify(_ request: Request, at now: Timestamp) throws(Rejection) -> VerifiedRequest {
        VerifiedRequest(request, try check.check(request, at: now))
    }
}
