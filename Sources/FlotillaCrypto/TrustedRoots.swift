// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// The certificates that others may lead to: read once, asked by any thread, freed at the end.
///
/// Sendable because the store is not written after `init`, and libcrypto takes its lock to search it.
package final class TrustedRoots: @unchecked Sendable {
    private let store: OpaquePointer

    package init(_ roots: [Certificate]) throws(CryptoFailure) {
        guard let store = X509_STORE_new() else { throw .failed("X509_STORE_new") }
        self.store = store
        // The store keeps references of its own.
        let added = ErrorQueue.leavingNone { roots.allSatisfy { X509_STORE_add_cert(store, $0.pointer) == 1 } }
        guard added else { throw .failed("X509_STORE_add_cert") }
    }

    deinit {
        X509_STORE_free(store)
    }

    /// Whether a chain of valid certificates, each signed by the next, leads from this one to a root, at that time.
    package func lead(from certificate: Certificate, over others: [Certificate], at seconds: Int64) throws(CryptoFailure) -> Bool {
        try ErrorQueue.leavingNone { () throws(CryptoFailure) in
            let stack = try CertificateStack(others)
            guard let context = X509_STORE_CTX_new() else { throw .failed("X509_STORE_CTX_new") }
            defer { X509_STORE_CTX_free(context) }
            guard X509_STORE_CTX_init(context, store, certificate.pointer, stack.pointer) == 1 else { throw .failed("X509_STORE_CTX_init") }
            X509_STORE_CTX_set_time(context, 0, time_t(seconds))
            return X509_verify_cert(context) == 1
        }
    }
}

/// The certificates between one and its root, as libcrypto wants to have them. It borrows them; only the stack is freed at the end.
private final class CertificateStack {
    let pointer: OpaquePointer
    private let certificates: [Certificate]

    init(_ certificates: [Certificate]) throws(CryptoFailure) {
        guard let stack = OPENSSL_sk_new_null() else { throw .failed("OPENSSL_sk_new_null") }
        self.certificates = certificates
        pointer = stack
        for certificate in certificates {
            guard OPENSSL_sk_push(stack, UnsafeRawPointer(certificate.pointer)) > 0 else { throw .failed("OPENSSL_sk_push") }
        }
    }

    deinit {
        OPENSSL_sk_free(pointer)
    }
}
