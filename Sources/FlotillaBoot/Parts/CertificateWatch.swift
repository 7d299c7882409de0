// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaRuntime
internal import Synchronization

/// Looks once a minute whether somebody has renewed the certificate, and shows the new one to whoever connects from then on. Made with the
/// ingress, ends with it. A new one that is no good is told of once, and the old one stays.
final class CertificateWatch: Sendable {
    static let interval = Duration.seconds(60)

    let credentials: TLSCredentials
    private let read: @Sendable () -> Configuration
    private let sleeper: any Sleeper
    private let log: Logger
    private let state: Mutex<State>

    private struct State {
        var settings: TLSSettings
        var complaint: String?
    }

    init(_ settings: TLSSettings, read: @escaping @Sendable () -> Configuration, sleeper: any Sleeper, log: Logger) {
        credentials = TLSCredentials(settings.identity)
        state = Mutex(State(settings: settings))
        self.read = read
        self.sleeper = sleeper
        self.log = log
    }

    /// Until its task is cancelled.
    func run() async {
        while (try? await sleeper.sleep(for: Self.interval)) != nil { look() }
    }

    func look() {
        var configuration = read()
        do throws(ConfigurationFault) {
            if let settings = try TLSSettings.load(&configuration) { return take(settings) }
            complain("can't be read")
        } catch {
            complain(error.description)
        }
    }

    func take(_ settings: TLSSettings) {
        let isNew = state.withLock { state in
            state.complaint = nil
            guard !settings.isSame(as: state.settings) else { return false }
            state.settings = settings
            // Within the lock: a look of the timer and a reload at the same moment must not end with the older one in use.
            credentials.replace(with: settings.identity)
            return true
        }
        guard isNew else { return }
        log.notice("certificate replaced")
    }

    private func complain(_ why: String) {
        let isNew = state.withLock { state in
            defer { state.complaint = why }
            return state.complaint != why
        }
        if isNew { log.warning("the new certificate is not used: the old one stays", ["why": why]) }
    }
}
