// SPDX-License-Identifier: Apache-2.0

import FlotillaCrypto
import FlotillaHTTP
import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import Foundation
import Testing

/// One request of Tests/Vectors/providers.jsonl, in the form that `flotilla hooks verify` reads, and what has to come of it.
struct Vector: Sendable, CustomTestStringConvertible {
    struct Event: Sendable, Equatable {
        /// Nil for a fresh one.
        let id: String?
        let type: String
        let rawType: String?
        let tenant: String?
    }

    let testDescription: String
    let provider: String
    var keys: [HookKey]
    var now: Timestamp
    let method: String
    var url: String
    var headers: [(name: String, value: String)]
    var body: [UInt8]
    let options: [String: String]
    /// Nil for a request that has to be refused.
    let events: [Event]?
    let check: String?
    let deciding: [String]
    let covers: [String]

    static let all: [Vector] = {
        let path = URL(filePath: #filePath).appending(path: "../../../Vectors/providers.jsonl").standardized
        let lines = ((try? Data(contentsOf: path)) ?? Data()).split(separator: UInt8(ascii: "\n"))
        return lines.compactMap { (try? JSONValue(parsing: Array($0))).flatMap(Vector.init) }
    }()

    init?(_ json: JSONValue) {
        guard let name = json["id"]?.string, let provider = json["provider"]?.string, let now = json["now"]?.integer,
            let method = json["method"]?.string, let url = json["url"]?.string, let expect = json["expect"]
        else { return nil }
        testDescription = name
        self.provider = provider
        keys = (json["keys"]?.array ?? []).compactMap { key in
            guard let kind = key["kind"]?.string.flatMap(HookKey.Kind.init(named:)), let text = key["value"]?.string else { return nil }
            return HookKey(Secret(text), kind: kind)
        }
        self.now = seconds(Int64(now))
        self.method = method
        self.url = url
        headers = (json["headers"]?.array ?? []).map { ($0.array?.first?.string ?? "", $0.array?.last?.string ?? "") }
        body = json["body_b64"]?.string.flatMap { Base64.decode($0) } ?? Array((json["body"]?.string ?? "").utf8)
        options = Dictionary(uniqueKeysWithValues: (json["config"]?.members ?? []).map { ($0.name, $0.value.text ?? "") })
        check = expect["check"]?.string
        deciding = (json["deciding"]?.array ?? []).compactMap(\.string)
        covers = (json["covers"]?.array ?? []).compactMap(\.string)
        events = expect["events"]?.array.map { events in
            events.map {
                Event(id: $0["id"]?.string, type: $0["type"]?.string ?? "", rawType: $0["rawtype"]?.string, tenant: $0["tenant"]?.string)
            }
        }
    }

    func hook() throws(HookFault) -> Hook {
        guard let provider = ProviderTable.named(provider) else { throw .noKey }
        let own = options["notification_url"] ?? options["webhook_url"]
        return try Hook(
            name: self.provider, provider: provider,
            settings: HookSettings(keys: keys, url: own ?? url, options: options.filter { !$0.key.hasSuffix("_url") }))
    }

    var request: Request {
        let target = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).dropFirst(3).first ?? ""
        return Request(head: RequestHead(method: method, target: "/" + target, headers: Headers(headers)), body: body)
    }

    /// What was wrong with it, or nil; that no hook can be made of its keys and options counts as wrong, too.
    func verdict() -> Rejection.Check? {
        do {
            _ = try hook().verify(request, at: now)
            return nil
        } catch {
            return (error as? Rejection)?.check ?? .key
        }
    }
}
