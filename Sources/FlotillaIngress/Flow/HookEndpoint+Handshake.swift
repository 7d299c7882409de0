// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// Does what a handshake says, and verifies with the secret that it handed over.
extension HookEndpoint {
    func take(_ step: UnsignedStep, at now: Timestamp) async throws(Rejection) -> Response {
        switch step {
        case .answer(let response):
            return response
        case .refuse(let rejection, let status):
            count(rejection, at: now)
            return Answers.refused(rejection, status: status)
        case .keep(let secret, let answer):
            guard try await keep(secret) else { throw Rejection(.handshake, "the hook has a secret already, and it is another one") }
            return answer
        }
    }

    func verify(_ request: Request, at now: Timestamp) async throws(Rejection) -> VerifiedRequest {
        guard let handed else { return try hook.verify(request, at: now) }
        return try await handed.verify(request, at: now)
    }

    /// True when it is the hook's, now or before. What is configured is never replaced.
    private func keep(_ secret: Secret) async throws(Rejection) -> Bool {
        if let handed { return try await handed.keep(secret) }
        return hook.settings.keys.contains { HandedSecret.same($0.text, secret) }
    }
}
