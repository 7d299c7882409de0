// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// The numbers of one RSA key on their way into libcrypto's form. Frees what it made of them at the end.
final class RSANumbers {
    private let modulus: OpaquePointer
    private let exponent: OpaquePointer

    init(modulus: [UInt8], exponent: [UInt8]) throws(CryptoFailure) {
        // Before libcrypto counts with them: a number of a megabyte would keep it busy.
        guard (1...KeyHandle.rsaBits.upperBound / 8 + 1).contains(modulus.count), (1...8).contains(exponent.count) else {
            throw .malformed("an RSA key must have \(KeyHandle.rsaBits.lowerBound) to \(KeyHandle.rsaBits.upperBound) bits")
        }
        guard let first = BN_bin2bn(modulus, Int32(modulus.count), nil) else { throw .failed("BN_bin2bn") }
        guard let second = BN_bin2bn(exponent, Int32(exponent.count), nil) else {
            BN_free(first)
            throw .failed("BN_bin2bn")
        }
        self.modulus = first
        self.exponent = second
    }

    deinit {
        BN_free(modulus)
        BN_free(exponent)
    }

    func key() throws(CryptoFailure) -> KeyHandle {
        // The builder keeps the names where they are: they must live as long as what it builds.
        let key = OSSL_PKEY_PARAM_RSA_N.withCString { modulusName in
            OSSL_PKEY_PARAM_RSA_E.withCString { exponentName in build(modulusName, exponentName) }
        }
        guard let key else { throw .malformed("the numbers of the RSA key are not those of a key") }
        return try KeyHandle(owning: key)
    }

    private func build(_ modulusName: UnsafePointer<CChar>, _ exponentName: UnsafePointer<CChar>) -> OpaquePointer? {
        let builder = OSSL_PARAM_BLD_new()
        defer { OSSL_PARAM_BLD_free(builder) }
        guard OSSL_PARAM_BLD_push_BN(builder, modulusName, modulus) == 1, OSSL_PARAM_BLD_push_BN(builder, exponentName, exponent) == 1,
            let parameters = OSSL_PARAM_BLD_to_param(builder)
        else { return nil }
        defer { OSSL_PARAM_free(parameters) }
        let context = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, nil)
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_fromdata_init(context) == 1, EVP_PKEY_fromdata(context, &key, FLOTILLA_PUBLIC_KEY, parameters) == 1 else {
            return nil
        }
        return key
    }
}
