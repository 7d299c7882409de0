// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaHTTP
internal import FlotillaModel
package import FlotillaRuntime

extension Hook {
    /// Whether its secret is not configured: it comes in a handshake.
    package var awaitsSecret: Bool { settings.keys.isEmpty && provider.handsOverSecret }

    /// The hook with the secret that it was given, and no other.
    package func with(secret: Secret) throws(HookFault) -> Hook {
        var settings = settings
        settings.keys = [HookKey(secret)]
        return try Hook(name: name, provider: provider, settings: settings)
    }

    /// HMAC-SHA256 of a text under the secret that a request of the same moment is signed with: while it is being rotated, the
    /// provider's answer counts on that one.
    func code(of text: [UInt8], asSigned request: VerifiedRequest, at now: Timestamp) throws(Rejection) -> [UInt8] {
        let signed = Request(head: request.head, body: request.body)
        for key in settings.keys {
            var single = settings
            single.keys = [key]
            guard let check = try? provider.scheme.check(with: single), (try? check.check(signed, at: now)) != nil else { continue }
            do { return try HMACKey(key.text.withBytes { $0 }).code(text) } catch { break }
        }
        throw Rejection(.unavailable, "the answer can't be computed now")
    }
}

/// Verifies for a hook whose provider has not handed its secret over yet: nothing is believed.
struct NoKeyYet: SignatureCheck {
    private static let rejection = Rejection(.signature, "the hook has no secret yet: its provider hands it over in a handshake")

    func check(_ request: Request, at now: Timestamp) throws(Rejection) -> Claims { throw Self.rejection }
    func sign(_ request: inout Request, at now: Timestamp) throws(Rejection) { throw Self.rejection }
}
