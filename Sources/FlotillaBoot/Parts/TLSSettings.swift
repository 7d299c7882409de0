// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaRuntime

/// The certificate of the ingress and its key, as they were read, and what the server makes of them.
struct TLSSettings: Sendable {
    let identity: TLSIdentity
    private let certificates: Secret
    private let key: Secret

    /// Nil without TLS, and when a fault was reported.
    static func read(_ configuration: inout Configuration) -> TLSSettings? {
        do {
            return try load(&configuration)
        } catch {
            configuration.fault(error.name, error.remedy)
            return nil
        }
    }

    /// Nil without TLS, and when a file can't be read, which the configuration has noted.
    static func load(_ configuration: inout Configuration) throws(ConfigurationFault) -> TLSSettings? {
        let (certificate, key) = (Variable.tlsCertificate, Variable.tlsKey)
        guard configuration.isSet(certificate) || configuration.isSet(key) else { return nil }
        for (one, other) in [(certificate, key), (key, certificate)] where !configuration.isSet(one) {
            throw ConfigurationFault(one.name, "is not set: it belongs to \(other.name)")
        }
        guard let certificates = configuration.secret(certificate), let secret = configuration.secret(key) else { return nil }
        do {
            return TLSSettings(
                identity: try TLSIdentity(certificates: certificates.withBytes { $0 }, key: secret), certificates: certificates, key: secret
            )
        } catch {
            let variable = error.isOfKey ? key : certificate
            throw ConfigurationFault(variable.name, "\(error.description); \(variable.name)_FILE names a file of them")
        }
    }

    func isSame(as other: TLSSettings) -> Bool { certificates == other.certificates && key == other.key }
}
