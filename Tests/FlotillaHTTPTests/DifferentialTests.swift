// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import Foundation
import TestSupport
import Testing

/// The same bytes before our session, llhttp and nginx: what we serve, the stricter of the two must serve too, cut at the same places.
///
/// The other way round is no fault: we refuse much that they let pass.
@Suite(.enabled(if: TestTools.folder != nil, "FLOTILLA_TEST_TOOLS names no folder"), .timeLimit(.minutes(5)))
struct DifferentialTests {
    /// Where we serve what another refuses, and why that is right.
    static let known: [(reason: String, judge: Judge, holds: @Sendable (JudgedRequest) -> Bool)] = [
        (
            "nginx maps targets to files: it refuses a path that climbs above the root or holds a NUL, which mean nothing to us",
            .nginx, { $0.target.contains("..") || $0.target.contains("%00") }
        ),
        ("nginx knows no target but a path", .nginx, { $0.target == "*" }),
        ("nginx refuses TRACE", .nginx, { $0.method == "TRACE" }),
        (
            "llhttp has a list of methods; RFC 9110 has none, and ours are answered with 405 by whoever is asked",
            .llhttp, { !Self.llhttpMethods.contains($0.method) }
        ),
    ]

    private static let llhttpMethods: Set = ["GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH", "TRACE"]

    enum Judge: Sendable { case llhttp, nginx }

    @Test func `we serve nothing that llhttp or nginx refuses, and frame it as they do`() async throws {
        let seeds = UInt64(Fuzz.count("FLOTILLA_DIFFERENTIAL_CASES", otherwise: 10_000))
        let first = Fuzz.count("FLOTILLA_DIFFERENTIAL_SEED", otherwise: 1_000_000)
        let cases = WireCases.all.map(\.bytes) + (0..<seeds).map { Mutation.make(UInt64(first) + $0) }
        let served = try await onThread {
            let llhttp = try Llhttp.judge(cases)
            try #require(llhttp.count == cases.count)
            let nginx = try Nginx()
            defer { nginx.end() }
            try Self.awaitStart(nginx)
            var served = 0
            for (bytes, judged) in zip(cases, llhttp) {
                let ours = Ours.serve(bytes)
                guard !ours.isEmpty else { continue }
                served += ours.count
                Self.compare(ours, judged, bytes)
                Self.compare(ours, try nginx.judge(bytes), bytes)
            }
            return served
        }
        // A test in which nothing is served would always pass.
        #expect(served > cases.count / 10)
    }

    private static func compare(_ ours: [JudgedRequest], _ llhttp: [JudgedRequest], _ bytes: [UInt8]) {
        for (index, request) in ours.enumerated() {
            if known.contains(where: { $0.judge == .llhttp && $0.holds(request) }) { return }
            guard index < llhttp.count else { return record("llhttp refuses request \(index + 1)", bytes) }
            var theirs = llhttp[index]
            theirs.target = path(theirs.target)
            guard theirs == request else { return record("llhttp sees \(theirs), we see \(request)", bytes) }
        }
    }

    /// Of a whole URI we hand on the path; llhttp hands on the URI.
    private static func path(_ target: String) -> String {
        guard target.first != "/", let authority = target.range(of: "://") else { return target }
        let path = target[authority.upperBound...].drop { $0 != "/" && $0 != "?" }
        return path.first == "/" ? String(path) : "/" + path
    }

    private static func compare(_ ours: [JudgedRequest], _ nginx: [(status: Int, text: String)], _ bytes: [UInt8]) {
        for (index, request) in ours.enumerated() {
            if known.contains(where: { $0.judge == .nginx && $0.holds(request) }) { return }
            guard index < nginx.count else { return record("nginx does not answer request \(index + 1)", bytes) }
            guard nginx[index].status == 202 else { return record("nginx answers request \(index + 1) with \(nginx[index].status)", bytes) }
            let parts = nginx[index].text.split(separator: " ", omittingEmptySubsequences: false)
            let length = parts.count == 2 ? Int(parts[1]) ?? 0 : 0
            guard parts.first.map(String.init) == request.method, length == request.body.count else {
                return record("nginx sees \(nginx[index].text), we see \(request.method) \(request.body.count)", bytes)
            }
        }
    }

    private static func record(_ what: String, _ bytes: [UInt8]) {
        Issue.record("\(what): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
    }

    private static func awaitStart(_ nginx: Nginx) throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
            if (try? RawClient(port: nginx.port)) != nil { return }
            try #require(ContinuousClock.now < deadline, "nginx did not start")
            sched_yield()
        }
    }
}

/// What our session serves, up to a request that ends the connection.
enum Ours {
    static func serve(_ bytes: [UInt8]) -> [JudgedRequest] {
        var parser = RequestParser(limits: Limits())
        var served: [JudgedRequest] = []
        bytes.withUnsafeBytes { buffer in
            var cursor = ByteCursor(buffer)
            while true {
                switch parser.next(&cursor) {
                case .more, .refuse: return
                case .head, .sendContinue, .discarded: continue
                case .request(let request):
                    served.append(JudgedRequest(method: request.head.method, target: request.head.target, body: request.body))
                    if !parser.keepsConnection { return }
                }
            }
        }
        return served
    }
}
