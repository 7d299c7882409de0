// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaRuntime
import Foundation
import Testing

@Suite
struct TLSIdentityTests {
    private static func fault(_ certificates: [UInt8], _ key: [UInt8]) -> TLSFault? {
        do throws(TLSFault) {
            _ = try TLSIdentity(certificates: certificates, key: Secret(bytes: key))
            return nil
        } catch {
            return error
        }
    }

    @Test func `a certificate with its chain and its key is an identity, whatever text stands around them`() throws {
        let (first, second) = (TestCertificate.first, TestCertificate.second)
        #expect(Self.fault(first.certificate, first.key) == nil)
        #expect(
            Self.fault(Array("subject=CN = first\n".utf8) + first.certificate + second.certificate + Array("\n".utf8), first.key) == nil)
    }

    @Test func `what can be no identity is refused with the part that is wrong`() throws {
        let (first, second) = (TestCertificate.first, TestCertificate.second)
        let damaged = Array(String(decoding: second.certificate, as: UTF8.self).replacing("MII", with: "MIJ").utf8)
        #expect(Self.fault([], first.key) == .certificate)
        #expect(Self.fault(Array("/etc/tls.crt".utf8), first.key) == .certificate)
        #expect(Self.fault(first.key, first.key) == .certificate)
        #expect(Self.fault(first.certificate + damaged, first.key) == .certificate)
        #expect(Self.fault(first.certificate + second.certificate.dropLast(100), first.key) == .certificate)
        #expect(Self.fault(first.certificate, []) == .key)
        #expect(Self.fault(first.certificate, first.certificate) == .key)
        #expect(Self.fault(first.certificate, second.key) == .mismatch)
    }

    @Test(.enabled(if: TestTools.folder != nil, "FLOTILLA_TEST_TOOLS names no folder"))
    func `a key behind a password is refused, and nobody is asked for it`() throws {
        let first = TestCertificate.first
        let words = ["pkcs8", "-topk8", "-passout", "pass:secret", "-v2", "aes-256-cbc"]
        let encrypted = try Command.run(Command.openssl, words, input: String(decoding: first.key, as: UTF8.self)).output
        #expect(encrypted.contains("BEGIN ENCRYPTED PRIVATE KEY"))
        #expect(Self.fault(first.certificate, Array(encrypted.utf8)) == .key)
    }
}
