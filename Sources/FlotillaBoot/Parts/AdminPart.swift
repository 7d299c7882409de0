// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaRuntime

/// The admin port of a process: `/healthz`, `/readyz` and `/metrics`, on a loop of its own.
struct AdminPart: Part {
    let name = "admin"
    let stage = Stage.admin
    let address: ListenAddress
    /// Asked before an answer that says how the process is.
    let checks: @Sendable () async -> [HealthFinding]
    /// What makes a restart the only remedy.
    let stuck: @Sendable () -> String?
    /// Brings gauges up to date that are looked at only when somebody asks.
    let measure: @Sendable () async -> Void

    func build(_ process: ProcessResources) async throws -> any Service {
        try build(metrics: process.metrics, health: process.health)
    }

    func build(metrics: MetricsRegistry, health: Health) throws -> any Service {
        let loop = try Loop("admin")
        let responder = AdminResponder(
            pages: AdminPages(health: health, metrics: metrics), health: health, checks: checks, stuck: stuck,
            measure: measure)
        var limits = Limits()
        limits.connections = 64
        limits.bodyBytes = 0
        let server = Server(loops: [loop], address: address, limits: limits, responder: responder)
        return AdminService(server: server, loop: loop)
    }
}

/// What was found when somebody looked.
struct HealthFinding: Sendable {
    let name: String
    let state: HealthState
}

struct AdminResponder: Responder {
    let pages: AdminPages
    let health: Health
    let checks: @Sendable () async -> [HealthFinding]
    let stuck: @Sendable () -> String?
    let measure: @Sendable () async -> Void

    func admit(_ head: RequestHead) -> Admission {
        guard head.method == "GET" || head.method == "HEAD" else {
            return .answer(Response(status: 405, headers: Headers([("Allow", "GET, HEAD")])))
        }
        return .proceed(nil)
    }

    func respond(to request: Request, admitted: (any Sendable & AnyObject)?) async -> Response {
        switch request.head.path {
        case "/healthz":
            if let stuck = stuck() {
                return Response(status: 503, headers: Headers([("Content-Type", "text/plain")]), body: Array((stuck + "\n").utf8))
            }
        case "/readyz":
            for finding in await checks() { health.report(finding.name, finding.state) }
        case "/metrics":
            await measure()
        default: break
        }
        let answer = pages.answer(path: request.head.target)
        return Response(status: answer.status, headers: Headers([("Content-Type", answer.contentType)]), body: answer.body)
    }
}

/// Drains last: an operator sees "draining", which the DrainNotice reports, to the end.
struct AdminService: Service {
    let name = "admin"
    let server: Server
    let loop: Loop
    private let end = Signpost()

    func run() async throws {
        defer { loop.stop() }
        try await server.start()
        await end.wait()
        await server.stop()
    }

    func drain() async {
        end.reach()
    }
}
