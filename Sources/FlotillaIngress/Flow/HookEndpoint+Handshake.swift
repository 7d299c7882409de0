// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// Does what a handshake says, and verifies with the secret that it handed over.
extension HookEndpoint {
    func take(_ step: UnsignedStep, of request: Request, at now: Timestamp) -> Course {
        switch step {
        case .answer(let response):
            return .answer(response)
        case .refuse(let rejection, let status):
            count(rejection, at: now)
            return .answer(Answers.refused(rejection, status: status))
        case .keep(let secret, let answer):
            return later(at: now) { [self] in
                guard try await keep(secret, of: request) else {
                    throw Rejection(.handshake, "the hook has a secret already, and it is another one")
                }
                return .answer(answer)
            }
        }
    }

    func verify(_ request: Request, by handed: HandedSecret, at now: Timestamp) async throws(Rejection) -> VerifiedRequest {
        try await inTime(request) { () async throws(Rejection) in try await handed.verify(request, at: now) }
    }

    /// What it asks of the store has an end as publishing has one.
    private func inTime<Value: Sendable>(
        _ request: Request, _ work: @escaping @Sendable () async throws(Rejection) -> Value
    ) async throws(Rejection) -> Value {
        let due = publisher.end(of: answerWithin, with: request)
        let result = await publisher.deadlines.value(until: due) { () async -> Result<Value, Rejection> in
            do throws(Rejection) { return .success(try await work()) } catch { return .failure(error) }
        }
        guard let result else { throw HandedSecret.unavailable }
        return try result.get()
    }

    /// True when it is the hook's, now or before. What is configured is never replaced.
    private func keep(_ secret: Secret, of request: Request) async throws(Rejection) -> Bool {
        if let handed { return try await inTime(request) { () async throws(Rejection) in try await handed.keep(secret) } }
        return hook.settings.keys.contains { HandedSecret.same($0.text, secret) }
    }
}
