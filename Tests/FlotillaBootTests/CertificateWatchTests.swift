// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaModel
import FlotillaRuntime
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import FlotillaBoot

/// A certificate that somebody renews while the process runs.
@Suite(.timeLimit(.minutes(1))) struct CertificateWatchTests {
    /// What the files hold at the moment, as an environment.
    private final class Files: Sendable {
        private let held: Mutex<[String: String]>

        init(_ certificate: String, _ key: String) {
            held = Mutex(["FLOTILLA_TLS_CERT": certificate, "FLOTILLA_TLS_KEY": key])
        }

        func change(_ name: String, _ text: String) { held.withLock { $0[name] = text } }

        var configuration: Configuration { Configuration(environment: held.withLock { $0 }) }
    }

    private func watch(_ files: Files, _ log: CapturedLog, _ sleeper: ManualSleeper = ManualSleeper()) throws -> CertificateWatch {
        var configuration = files.configuration
        let settings = try #require(TLSSettings.read(&configuration))
        return CertificateWatch(
            settings, read: { files.configuration }, sleeper: sleeper, log: Logger(program: "test", level: .info, sink: log))
    }

    private func texts(_ log: CapturedLog) -> [String] { log.lines.map { String(decoding: $0.json, as: UTF8.self) } }

    @Test("once a minute it is looked at, and a new pair is taken, once")
    func renewed() async throws {
        let (log, sleeper) = (CapturedLog(), ManualSleeper())
        let files = Files(KeyFixtures.p256Certificate, KeyFixtures.p256Key)
        let watch = try watch(files, log, sleeper)
        let running = Task { await watch.run() }
        await sleeper.sleeping(atLeast: 1)
        files.change("FLOTILLA_TLS_CERT", KeyFixtures.paypalCertificate)
        files.change("FLOTILLA_TLS_KEY", KeyFixtures.rsaKey)
        sleeper.advance(by: .seconds(59))
        #expect(texts(log).isEmpty)
        for _ in 0..<3 {
            sleeper.advance(by: .seconds(60))
            await sleeper.sleeping(atLeast: 1)
        }
        running.cancel()
        await running.value
        #expect(texts(log).count == 1)
        #expect(texts(log).first?.contains("certificate replaced") == true)
    }

    /// Sequence: the certificate is written before its key. In between they don't belong together, and a look must do no harm.
    @Test("what is no good is told of once, without what it holds, and when it is whole it is taken")
    func broken() throws {
        let log = CapturedLog()
        let files = Files(KeyFixtures.p256Certificate, KeyFixtures.p256Key)
        let watch = try watch(files, log)
        files.change("FLOTILLA_TLS_CERT", KeyFixtures.paypalCertificate)
        for _ in 0..<5 { watch.look() }
        #expect(texts(log).count == 1)
        #expect(texts(log)[0].contains("FLOTILLA_TLS_KEY must hold the private key of the first certificate"))
        files.change("FLOTILLA_TLS_CERT", "")
        watch.look()
        files.change("FLOTILLA_TLS_CERT", "nonsense")
        watch.look()
        #expect(texts(log).count == 3)
        #expect(texts(log).allSatisfy { $0.contains("the old one stays") && !$0.contains("PRIVATE") && !$0.contains("nonsense") })
        files.change("FLOTILLA_TLS_CERT", KeyFixtures.paypalCertificate)
        files.change("FLOTILLA_TLS_KEY", KeyFixtures.rsaKey)
        watch.look()
        watch.look()
        #expect(texts(log).count == 4)
        #expect(texts(log)[3].contains("certificate replaced"))
    }
}
