// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaHTTP
internal import FlotillaModel

/// PayPal's way: an RSA signature over the transmission's id and time, the webhook's id and a checksum of the body, by a certificate whose
/// address the request names. A resend may be as old as three days, so the time is signed but has no limit.
struct PayPalSignature: SignatureScheme {
    static let webhookID = HookOption("webhook_id", isRequired: true, "the id that PayPal gave the webhook, as it signs it with each event")

    var keyMeaning: String { SignerCertificates.keyMeaning }
    var needsKeys: Bool { false }
    var options: [HookOption] { [Self.webhookID] + SignerCertificates.options }

    func check(with settings: HookSettings) throws(HookFault) -> any SignatureCheck {
        PayPalSignatureCheck(
            webhookID: try settings.needed(Self.webhookID), certificates: try SignerCertificates(settings, of: .paypal))
    }
}

struct PayPalSignatureCheck: SignatureCheck {
    private static let id = "PAYPAL-TRANSMISSION-ID"
    private static let time = "PAYPAL-TRANSMISSION-TIME"
    private static let signature = "PAYPAL-TRANSMISSION-SIG"
    private static let address = "PAYPAL-CERT-URL"
    private static let algorithm = "PAYPAL-AUTH-ALGO"
    /// The only one that PayPal uses; whoever names another one does not choose what we believe.
    private static let expected = "SHA256withRSA"

    let webhookID: String
    let certificates: SignerCertificates

    func check(_ request: Request, at now: Timestamp) throws(Rejection) -> Claims {
        let headers = request.head.headers
        guard try headers.single(Self.algorithm) == Self.expected else {
            throw Rejection(.header, "the header \(Self.algorithm) does not name \(Self.expected)")
        }
        let url = try headers.single(Self.address)
        let message = try message(id: headers.single(Self.id), time: headers.single(Self.time), body: request.body)
        guard let signature = Base64.decode(try headers.single(Self.signature)) else {
            throw Rejection(.signature, "the header \(Self.signature) is not base64 text")
        }
        try certificates.check(signature, of: message, by: .rsaSHA256, namedBy: url, at: now)
        return [:]
    }

    private func message(id: String, time: String, body: [UInt8]) throws(Rejection) -> [UInt8] {
        // Either could be cut elsewhere: the same signature would fit another id and time.
        for (name, value) in [(Self.id, id), (Self.time, time)] where value.utf8.contains(UInt8(ascii: "|")) {
            throw Rejection(.header, "the header \(name) holds \"|\", which separates the signed parts")
        }
        return Array("\(id)|\(time)|\(webhookID)|\(Checksum.crc32(body))".utf8)
    }

    func sign(_ request: inout Request, at now: Timestamp) throws(Rejection) {
        let id: String
        do { id = Hex.encode(try Random.bytes(16)) } catch { throw Rejection(.unavailable, "the signature can't be computed now") }
        let time = now.description
        let signature = try certificates.sign(try message(id: id, time: time, body: request.body), by: .rsaSHA256)
        request.head.headers.add(Self.id, id)
        request.head.headers.add(Self.time, time)
        request.head.headers.add(Self.signature, Base64.encode(signature))
        request.head.headers.add(Self.address, "https://api.paypal.com/v1/notifications/certs/CERT-sample")
        request.head.headers.add(Self.algorithm, Self.expected)
    }
}
