// SPDX-License-Identifier: Apache-2.0

import FlotillaCrypto
import TestSupport
import Testing

@Suite struct CertificateTests {
    /// 2026-01-01.
    static let now: Int64 = 1_767_225_600
    static let start: Int64 = 1_735_689_600
    static let end: Int64 = 2_051_222_400

    static func one(_ pem: String) throws -> Certificate { try #require(Certificate.list(pem: utf8(pem)).first) }

    @Test("a certificate's key verifies what its private half signed")
    func key() throws {
        let signature = try PrivateKey(pem: utf8(KeyFixtures.rsaKey)).sign([[1, 2, 3]], by: .rsaSHA256)
        #expect(try Self.one(KeyFixtures.snsCertificate).publicKey.verifies(signature, of: [[1, 2, 3]], by: .rsaSHA256))
        #expect(try !Self.one(KeyFixtures.otherSNSCertificate).publicKey.verifies(signature, of: [[1, 2, 3]], by: .rsaSHA256))
        #expect(try Self.one(KeyFixtures.p256Certificate).publicKey.kind == .p256)
    }

    @Test(
        "a certificate is valid from its first second to its last",
        arguments: [
            (start - 1, .notYetValid), (start, .valid), (now, .valid), (end, .valid), (end + 1, .expired), (0, .notYetValid),
            // No calendar has these.
            (Int64.max, .notYetValid), (Int64.min, .notYetValid),
        ] as [(Int64, Certificate.Age)])
    func age(time: Int64, age: Certificate.Age) throws {
        #expect(try Self.one(KeyFixtures.snsCertificate).age(at: time) == age)
    }

    @Test(
        "a certificate names hosts, and nothing that only looks like one",
        arguments: [
            (KeyFixtures.snsCertificate, ["sns.amazonaws.com"]), (KeyFixtures.paypalCertificate, ["messageverificationcerts.paypal.com"]),
            (KeyFixtures.evilCertificate, ["sns.amazonaws.com.evil.org"]), (KeyFixtures.namelessCertificate, []),
            (KeyFixtures.zeroCertificate, []), (KeyFixtures.rootCertificate, []),
        ] as [(String, [String])])
    func hosts(pem: String, hosts: [String]) throws {
        #expect(try Self.one(pem).hosts == hosts)
    }

    @Test("a text's certificates come in their order, with whatever stands between them")
    func list() throws {
        let text = "subject=a\n\(KeyFixtures.snsCertificate)\n\nfor people\n\(KeyFixtures.paypalCertificate)\n"
        #expect(try Certificate.list(pem: utf8(text)).map(\.hosts) == [["sns.amazonaws.com"], ["messageverificationcerts.paypal.com"]])
        #expect(try Certificate.list(pem: utf8(text.replacing("\n", with: "\r\n"))).count == 2)
    }

    @Test(
        "a text without whole certificates is refused",
        arguments: [
            "", "for people", "-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            KeyFixtures.rsaKey,
            KeyFixtures.snsCertificate + "\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
            String(KeyFixtures.snsCertificate.dropLast(60)),
        ])
    func refused(text: String) {
        #expect(throws: CryptoFailure.self) { try Certificate.list(pem: utf8(text)) }
    }

    @Test("a text has limits")
    func limits() {
        let many = String(repeating: KeyFixtures.snsCertificate + "\n", count: 17)
        #expect(throws: CryptoFailure.malformed("the text holds more than 16 certificates")) { try Certificate.list(pem: utf8(many)) }
        #expect(throws: CryptoFailure.malformed("text in PEM ends at 4194304 bytes here")) {
            try Certificate.list(pem: repeated(10, 5 << 20))
        }
    }

    struct Path: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var certificate = KeyFixtures.snsCertificate
        var others = [KeyFixtures.intermediateCertificate]
        var roots = [KeyFixtures.rootCertificate]
        var time = CertificateTests.now
        let leads: Bool

        init(_ name: String, _ leads: Bool, _ change: (inout Path) -> Void = { _ in }) {
            testDescription = name
            self.leads = leads
            change(&self)
        }
    }

    @Test(
        "a chain leads to a root only if every link holds",
        arguments: [
            Path("over its intermediate", true),
            Path("among several roots", true) { $0.roots.append(KeyFixtures.otherRootCertificate) },
            Path("in any order, with others between", true) {
                $0.others = [KeyFixtures.rootCertificate, KeyFixtures.otherRootCertificate, KeyFixtures.intermediateCertificate]
            },
            Path("no intermediate", false) { $0.others = [] },
            Path("another root", false) { $0.roots = [KeyFixtures.otherRootCertificate] },
            Path("no root", false) { $0.roots = [] },
            Path("a root that it brings itself", false) {
                $0.others.append(KeyFixtures.rootCertificate)
                $0.roots = [KeyFixtures.otherRootCertificate]
            },
            Path("expired", false) { $0.certificate = KeyFixtures.expiredCertificate },
            Path("not yet valid", false) { $0.certificate = KeyFixtures.earlyCertificate },
            Path("not yet valid, but asked at its time", true) {
                $0.certificate = KeyFixtures.earlyCertificate
                $0.time = 1_925_000_000
            },
            Path("all of it before its time", false) { $0.time = CertificateTests.start - 1 },
            Path("all of it after its time", false) { $0.time = CertificateTests.end + 1 },
            Path("signed by itself", false) { $0.certificate = KeyFixtures.namelessCertificate },
            Path("signed by one that is no authority", false) {
                $0.certificate = KeyFixtures.noAuthorityCertificate
                $0.others = [KeyFixtures.otherSNSCertificate, KeyFixtures.paypalCertificate]
            },
        ])
    func chains(_ path: Path) throws {
        let roots = try TrustedRoots(path.roots.map(Self.one))
        #expect(try roots.lead(from: Self.one(path.certificate), over: path.others.map(Self.one), at: path.time) == path.leads)
    }

    @Test("damaged certificates and keys are refused or read, and never crash", arguments: [1, 2, 3] as [UInt64])
    func damaged(seed: UInt64) throws {
        var random = Seeded(seed)
        let roots = try TrustedRoots([Self.one(KeyFixtures.rootCertificate)])
        let intermediate = try Self.one(KeyFixtures.intermediateCertificate)
        let originals = [
            KeyFixtures.snsCertificate, KeyFixtures.paypalCertificate, KeyFixtures.p256Certificate, KeyFixtures.zeroCertificate,
        ].map(utf8)
        var der = KeyTests.p256
        for number in 0..<(Fuzz.cases / 10) {
            let text = Fuzz.mutate(originals[number % originals.count], with: &random)
            guard let read = try? Certificate.list(pem: text), let first = read.first else { continue }
            _ = first.hosts
            _ = first.age(at: Self.now)
            // Where the damage missed the certificate itself, it still leads to its root.
            _ = try roots.lead(from: first, over: [intermediate], at: Self.now)
            der = Fuzz.mutate(number.isMultiple(of: 5) ? KeyTests.p256 : der, with: &random)
            _ = try? PublicKey(spki: der)
            _ = try PublicKey(spki: KeyTests.p256).verifies(der, of: [text], by: .ecdsaP256SHA256)
        }
    }
}
