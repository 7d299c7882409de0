// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL
package import FlotillaRuntime

/// What a server shows to its clients: a certificate with its chain, and the key that belongs to it. Made of their PEM texts when the
/// configuration is read, and again when they have changed; the sessions begun with it keep it alive.
///
/// Sendable because OpenSSL counts the references to a context atomically, and nothing changes it after `init`.
package final class TLSIdentity: @unchecked Sendable {
    private let context: OpaquePointer

    package init(certificates: [UInt8], key: Secret) throws(TLSFault) {
        guard let context = SSL_CTX_new(TLS_server_method()) else { throw .library }
        self.context = context
        guard flotilla_tls_prepare(context) == 1 else { throw .library }
        // What is found wrong here must not be taken for a failure of a later call on this thread.
        defer { ERR_clear_error() }
        SSL_CTX_set_alpn_select_cb(context, chooseProtocol, nil)
        try add(certificates)
        try add(key)
        guard SSL_CTX_check_private_key(context) == 1 else { throw .mismatch }
    }

    deinit {
        SSL_CTX_free(context)
    }

    func session() -> TLSSession? { SSL_new(context).flatMap { TLSSession($0) } }

    private func add(_ certificates: [UInt8]) throws(TLSFault) {
        guard let text = BIO_new(BIO_s_mem()) else { throw .library }
        defer { BIO_free(text) }
        guard Self.write(certificates, to: text) else { throw .certificate }
        guard let own = PEM_read_bio_X509(text, nil, refusePassword, nil) else { throw .certificate }
        defer { X509_free(own) }
        // Fails for a key that is too short for OpenSSL's security level.
        guard SSL_CTX_use_certificate(context, own) == 1 else { throw .unusableCertificate }
        while let next = PEM_read_bio_X509(text, nil, refusePassword, nil) {
            guard flotilla_tls_add_chain(context, next) == 1 else {
                X509_free(next)
                throw .unusableCertificate
            }
        }
        // At the end there is no further beginning of a certificate; anything else is one that is damaged.
        guard ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE else { throw .certificate }
        ERR_clear_error()
    }

    /// A copy: libcrypto reads the text after this call, when Swift's own bytes need not be there any more.
    private static func write(_ bytes: [UInt8], to text: OpaquePointer) -> Bool {
        guard let count = Int32(exactly: bytes.count), count > 0 else { return false }
        return BIO_write(text, bytes, count) == count
    }

    private func add(_ key: Secret) throws(TLSFault) {
        let pointer = key.withBytes { bytes -> OpaquePointer? in
            guard let text = BIO_new(BIO_s_mem()) else { return nil }
            defer { BIO_free(text) }
            guard Self.write(bytes, to: text) else { return nil }
            return PEM_read_bio_PrivateKey(text, nil, refusePassword, nil)
        }
        guard let pointer else { throw .key }
        defer { EVP_PKEY_free(pointer) }
        guard SSL_CTX_use_PrivateKey(context, pointer) == 1 else { throw .mismatch }
    }
}

/// Why there can be no TLS with a certificate and a key. Shows neither.
package enum TLSFault: Error, Equatable, CustomStringConvertible {
    case certificate, unusableCertificate, key, mismatch, library

    package var description: String {
        switch self {
        case .certificate: "must hold certificates in PEM, the server's own first"
        case .unusableCertificate: "must hold certificates that OpenSSL takes: their keys and signatures may be too weak"
        case .key: "must hold a private key in PEM, without a password"
        case .mismatch: "must hold the private key of the first certificate"
        case .library: "can't be used: OpenSSL has no memory left"
        }
    }

    package var isOfKey: Bool { self == .key || self == .mismatch }
}

/// OpenSSL would ask for a password at the terminal.
private func refusePassword(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int32, _ writing: Int32, _ context: UnsafeMutableRawPointer?
) -> Int32 { -1 }

/// Application-Layer Protocol Negotiation (RFC 7301): HTTP/1.1, or no connection with a client that names only others.
private func chooseProtocol(
    _ session: OpaquePointer?, _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, _ length: UnsafeMutablePointer<UInt8>?,
    _ offered: UnsafePointer<UInt8>?, _ size: UInt32, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    let wanted: StaticString = "http/1.1"
    var place = 0
    // A list of names, each behind its length; OpenSSL has checked its form.
    while let offered, place < Int(size) {
        let name = UnsafeBufferPointer(start: offered + place + 1, count: min(Int(offered[place]), Int(size) - place - 1))
        if name.elementsEqual(UnsafeBufferPointer(start: wanted.utf8Start, count: wanted.utf8CodeUnitCount)) {
            chosen?.pointee = name.baseAddress
            length?.pointee = UInt8(name.count)
            return SSL_TLSEXT_ERR_OK
        }
        place += 1 + name.count
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}
