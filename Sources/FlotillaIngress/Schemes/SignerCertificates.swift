// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaModel
internal import FlotillaRuntime

/// The certificates that a provider's messages may be signed with, of one hook: given as its keys, or found in a folder by the address that
/// a message names. Read when the hook is made, so that no request waits for a disk; the ingress never fetches one.
///
/// A certificate that the operator gave as a key is trusted until it expires, whatever it names.
/// One of the folder is somebody's download: it must also be made out to the provider and lead to a root.
struct SignerCertificates: Sendable {
    static let folder = HookOption(
        "certificates",
        "a folder of the provider's certificates in PEM, each file called as the last part of the address that messages name, with those "
            + "behind it that lead to a root; read at start and on SIGHUP. A message that names another one is answered with 503")
    static let roots = HookOption(
        "roots", default: "/etc/ssl/certs",
        "a file, or a folder of files .pem or .crt, with the roots that the certificates of the folder must lead to")
    static let options = [folder, roots]

    static let keyMeaning =
        "certificates of the provider in PEM, trusted until they expire, whatever address a message names; "
        + "none where a folder of certificates is set"

    private struct Given: Sendable {
        let key: SignatureKey
        /// Nil for a bare key.
        let certificate: Certificate?
    }

    /// Of the folder: the one that signs, and those behind it.
    struct Chain: Sendable {
        let key: SignatureKey
        let signer: Certificate
        let others: [Certificate]
    }

    private let host: TrustedHost
    private let given: [Given]
    private let found: [String: Chain]?
    private let trusted: TrustedRoots?

    init(_ settings: HookSettings, of host: TrustedHost) throws(HookFault) {
        self.host = host
        var given: [Given] = []
        for key in settings.keys { given.append(try Self.read(key)) }
        self.given = given
        guard let folder = settings.text(Self.folder), !folder.isEmpty else {
            guard !given.isEmpty else { throw HookFault(.keys, "needs a certificate, or \(Self.folder.name) a folder of them") }
            (found, trusted) = (nil, nil)
            return
        }
        found = try CertificateFiles.chains(in: folder, of: Self.folder)
        trusted = try CertificateFiles.roots(at: settings.needed(Self.roots), of: Self.roots)
    }

    private static func read(_ key: HookKey) throws(HookFault) -> Given {
        guard [.provided, .x509PEM, .utf8].contains(key.kind) else { throw .otherKind }
        guard !key.text.isEmpty else { throw .emptyKey }
        let text = key.text.withBytes { $0 }
        do throws(CryptoFailure) {
            if let certificate = try? Certificate.list(pem: text).first {
                return Given(key: SignatureKey(try certificate.publicKey()), certificate: certificate)
            }
            return Given(key: try SignatureKey(pem: text), certificate: nil)
        } catch {
            throw HookFault(.keys, "is not a certificate in PEM: \(error)")
        }
    }

    /// Throws unless one of the certificates that the address stands for has signed the message, and may be believed now.
    func check(
        _ signature: [UInt8], of message: [UInt8], by algorithm: SignatureAlgorithm, namedBy url: String, at now: Timestamp
    ) throws(Rejection) {
        guard host.owns(url: url) else { throw Rejection(.key, "the certificate's address is not one of \(host.meaning)") }
        let seconds = now.microseconds.secondsBefore
        var hasExpired = false
        for one in given where try one.key.verifies(signature, of: [message], by: algorithm) {
            // The operator chose it, by whatever name, and from the moment that it was installed; it ends when its maker said.
            guard one.certificate?.age(at: seconds) == .expired else { return }
            hasExpired = true
        }
        guard let found else {
            throw hasExpired
                ? Rejection(.key, "the certificate has expired")
                : Rejection(.signature, "no configured certificate has made the signature")
        }
        guard let chain = TrustedHost.fileName(of: url).flatMap({ found[$0] }) else {
            throw Rejection(.unavailable, "the certificate that the message names is not in the folder of certificates")
        }
        guard try chain.key.verifies(signature, of: [message], by: algorithm) else {
            throw Rejection(.signature, "the certificate that the message names has not made the signature")
        }
        try believe(chain.signer, at: seconds)
        let leads = try? trusted?.lead(from: chain.signer, over: chain.others, at: seconds)
        // Not the sender's fault, who sends it again when the roots are right.
        guard leads == true else { throw Rejection(.unavailable, "the certificate does not lead to a trusted root") }
    }

    private func believe(_ certificate: Certificate, at seconds: Int64) throws(Rejection) {
        switch certificate.age(at: seconds) {
        case .valid: break
        case .expired: throw Rejection(.key, "the certificate has expired")
        case .notYetValid: throw Rejection(.key, "the certificate is not valid yet")
        }
        guard certificate.hosts.contains(where: host.owns(name:)) else {
            throw Rejection(.key, "the certificate is made out to another host")
        }
    }

    /// By the first key that has a private half.
    func sign(_ message: [UInt8], by algorithm: SignatureAlgorithm) throws(Rejection) -> [UInt8] {
        guard let one = given.first(where: { $0.key.privateKey != nil }) ?? given.first else {
            throw Rejection(.unavailable, "there is no key to sign with")
        }
        return try one.key.sign([message], by: algorithm)
    }
}

extension Int64 {
    /// Whole seconds of microseconds, before 1970 too.
    fileprivate var secondsBefore: Int64 { self / 1_000_000 - (self % 1_000_000 < 0 ? 1 : 0) }
}
