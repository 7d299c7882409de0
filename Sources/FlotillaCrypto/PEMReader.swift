// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// Text with `-----BEGIN …-----`, read from its beginning, one object after the other. Frees its buffer at the end.
final class PEMReader {
    /// More than any real chain, or a folder of roots in one file.
    static let limit = 4 << 20

    private let source: OpaquePointer

    init(_ text: [UInt8]) throws(CryptoFailure) {
        guard text.count <= Self.limit else { throw .malformed("text in PEM ends at \(Self.limit) bytes here") }
        // A copy: a buffer over the caller's bytes would have to outlive their array.
        guard let source = BIO_new(BIO_s_mem()) else { throw .failed("BIO_new") }
        self.source = source
        guard text.isEmpty || BIO_write(source, text, Int32(text.count)) == Int32(text.count) else { throw .failed("BIO_write") }
    }

    deinit {
        BIO_free(source)
    }

    /// The next certificate, for the caller to free. Nil where none follows; throws where one is begun that is none.
    func certificate() throws(CryptoFailure) -> OpaquePointer? {
        ERR_clear_error()
        if let certificate = PEM_read_bio_X509(source, nil, Self.noPassword, nil) { return certificate }
        guard ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE else {
            throw .malformed("a certificate in the text can't be read")
        }
        return nil
    }

    /// The first private key, for the caller to free.
    func privateKey() -> OpaquePointer? {
        PEM_read_bio_PrivateKey(source, nil, Self.noPassword, nil)
    }

    /// The first public key, for the caller to free.
    func publicKey() -> OpaquePointer? {
        PEM_read_bio_PUBKEY(source, nil, Self.noPassword, nil)
    }

    /// Without this libcrypto would ask whoever sits at the terminal for the password of what is encrypted.
    private static let noPassword: @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 = {
        _, _, _, _ in -1
    }
}
