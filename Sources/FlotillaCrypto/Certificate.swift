// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// One certificate of X.509 (RFC 5280): read when a hook is configured, asked by any thread, freed with it. Time comes from whoever asks,
/// in seconds since 1970.
///
/// Sendable because the certificate is only read after `init`; what libcrypto remembers of it, it remembers under its own lock.
package final class Certificate: @unchecked Sendable {
    let pointer: OpaquePointer

    private init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        X509_free(pointer)
    }

    /// The certificates of a text in PEM, at least one, in their order: the one that signs messages first, then those that lead to a root.
    package static func list(pem text: [UInt8], limit: Int = 16) throws(CryptoFailure) -> [Certificate] {
        try ErrorQueue.leavingNone { () throws(CryptoFailure) in
            let reader = try PEMReader(text)
            var found: [Certificate] = []
            while let next = try reader.certificate() {
                let certificate = Certificate(owning: next)
                guard found.count < limit else { throw .malformed("the text holds more than \(limit) certificates") }
                found.append(certificate)
            }
            guard !found.isEmpty else { throw .malformed("the text holds no certificate in PEM") }
            return found
        }
    }

    /// Throws for a key of a kind that no message is verified with: roots may have it.
    package func publicKey() throws(CryptoFailure) -> PublicKey {
        try ErrorQueue.leavingNone { () throws(CryptoFailure) in
            guard let key = X509_get_pubkey(pointer) else { throw .malformed("the certificate's key can't be read") }
            return PublicKey(try KeyHandle(owning: key))
        }
    }

    package enum Age: Sendable, Equatable {
        case valid, expired, notYetValid
    }

    package func age(at seconds: Int64) -> Age {
        ErrorQueue.leavingNone {
            // -2 is for a date that can't be read: such a certificate has no time at all.
            let (begun, ended) = (
                ASN1_TIME_cmp_time_t(X509_get0_notBefore(pointer), time_t(seconds)),
                ASN1_TIME_cmp_time_t(X509_get0_notAfter(pointer), time_t(seconds))
            )
            guard begun == -1 || begun == 0 else { return .notYetValid }
            return ended == 0 || ended == 1 ? .valid : .expired
        }
    }

    /// The names of hosts that the certificate is made out to, in lower case: its alternative names, or, where it has none of them, the
    /// common name of its subject if that could be a host's.
    package var hosts: [String] {
        ErrorQueue.leavingNone {
            let alternatives = AlternativeNames(of: pointer).hosts
            return alternatives.isEmpty ? commonName.map { [$0] } ?? [] : alternatives
        }
    }

    private var commonName: String? {
        guard let subject = X509_get_subject_name(pointer) else { return nil }
        let place = X509_NAME_get_index_by_NID(subject, NID_commonName, -1)
        guard place >= 0, let entry = X509_NAME_get_entry(subject, place) else { return nil }
        return HostText.read(X509_NAME_ENTRY_get_data(entry))
    }
}

/// The names of a certificate's extension `subjectAltName`. Freed at the end.
private final class AlternativeNames {
    private let names: OpaquePointer?

    init(of certificate: OpaquePointer) {
        names = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil).map { OpaquePointer($0) }
    }

    deinit {
        GENERAL_NAMES_free(names)
    }

    var hosts: [String] {
        (0..<max(0, OPENSSL_sk_num(names))).compactMap { place in
            guard let name = OPENSSL_sk_value(names, place) else { return nil }
            var kind: Int32 = 0
            let value = GENERAL_NAME_get0_value(name.assumingMemoryBound(to: GENERAL_NAME.self), &kind)
            guard kind == GEN_DNS, let value else { return nil }
            return HostText.read(OpaquePointer(value).map { UnsafePointer<ASN1_STRING>($0) })
        }
    }
}

private enum HostText {
    /// Nil unless all of it could be a host's name, with at least one dot: a text that hides a zero byte, or is meant for people, is none.
    static func read(_ text: UnsafePointer<ASN1_STRING>?) -> String? {
        guard let text, let bytes = ASN1_STRING_get0_data(text) else { return nil }
        let name = UnsafeBufferPointer(start: bytes, count: Int(ASN1_STRING_length(text))).map {
            (0x41...0x5A).contains($0) ? $0 | 0x20 : $0
        }
        let isHost = name.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "*"): true
            default: false
            }
        }
        guard (1...253).contains(name.count), isHost, name.contains(UInt8(ascii: ".")) else { return nil }
        return String(decoding: name, as: UTF8.self)
    }
}
