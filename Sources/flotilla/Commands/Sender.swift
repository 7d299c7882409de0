// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaIngress
internal import FlotillaModel
internal import FlotillaRuntime

/// Posts signed webhooks, several at once.
struct Sender {
    struct Sent {
        let number: Int
        let id: String
        let result: Result<ClientResponse, any Error>
    }

    struct Tally {
        var accepted = 0
        var unreachable = 0
    }

    enum Content {
        case sample(Sample)
        case file([UInt8], type: String?)
    }

    let hook: Hook
    let content: Content
    let url: String

    func send(_ count: Int, parallel: Int, by client: Client, _ each: (Sent) -> Void) async -> Tally {
        var tally = Tally()
        await withTaskGroup(of: Sent.self) { group in
            var begun = 0
            func begin() {
                guard begun < count else { return }
                begun += 1
                let number = begun
                group.addTask { await post(number, by: client) }
            }
            for _ in 0..<min(parallel, count) { begin() }
            while let sent = await group.next() {
                switch sent.result {
                case .success(let response) where (200..<300).contains(response.status): tally.accepted += 1
                case .success: break
                case .failure: tally.unreachable += 1
                }
                each(sent)
                begin()
            }
        }
        return tally
    }

    private func post(_ number: Int, by client: Client) async -> Sent {
        let id = SystemRandom().uuid()
        do {
            let request = try signed(id)
            let response = try await client.send(
                ClientRequest(method: request.head.method, url: url(for: request), headers: request.head.headers, body: request.body))
            return Sent(number: number, id: id, result: .success(response))
        } catch {
            return Sent(number: number, id: id, result: .failure(error))
        }
    }

    private func signed(_ id: String) throws(Rejection) -> Request {
        let now = SystemClock().now
        switch content {
        case .sample(let sample): return try WebhookSigner.sign(hook: hook, sample: sample, id: id, now: now)
        case .file(let body, let type): return try WebhookSigner.sign(hook: hook, type: type, body: body, id: id, now: now)
        }
    }

    /// Some schemes put a part of the proof into the query.
    private func url(for request: Request) -> String {
        let query = request.head.query
        return query.isEmpty ? url : url + (url.contains("?") ? "&" : "?") + query
    }
}
