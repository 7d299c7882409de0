// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaIngress
internal import FlotillaModel
internal import FlotillaRuntime

struct SendCommand: Command {
    static let name = "send"
    static let summary = "sign a sample as the provider would, and post it"
    static let help = """
        usage: flotilla send HOOK [TYPE] [--body FILE] [--to URL] [--count N] [--parallel N] [--json]

        HOOK is one of FLOTILLA_HOOKS; its newest secret signs. TYPE is in the provider's own words (push, pull_request.opened);
        without it the first sample of the provider is sent.

          --body FILE     send these bytes instead of a sample
          --to URL        default: the hook on FLOTILLA_LISTEN
          --count N       so many, each with an id of its own
          --parallel N    so many at once; 1 without it
          --json          one JSON line for each: id, status, and the ids that were accepted

        Exit status: 0 all were accepted, 1 one was not, 69 the ingress could not be reached.
        """

    private let hookName: String
    private let type: String?
    private let bodyPath: String?
    private let url: String?
    private let count: Int
    private let parallel: Int
    private let json: Bool

    init(_ arguments: inout Arguments) throws {
        bodyPath = try arguments.option("--body")
        url = try arguments.option("--to")
        count = try arguments.integer("--count", in: 1...100_000_000) ?? 1
        parallel = try arguments.integer("--parallel", in: 1...1000) ?? 1
        json = arguments.flag("--json")
        hookName = try arguments.word("the hook")
        type = arguments.word()
    }

    func run() async throws -> ExitStatus {
        var configuration = Configuration(environment: Configuration.processEnvironment())
        let hooks = HookTable(reading: &configuration)
        let listen = configuration.parsed(.listen, expected: ListenAddress.expected) { ListenAddress($0) } ?? .anyLocal
        _ = try configuration.finish()
        guard let hook = hooks[hookName] else {
            let known = hooks.all.map(\.name).joined(separator: ", ")
            throw WrongUsage("there is no hook \(hookName); FLOTILLA_HOOKS names \(known.isEmpty ? "none" : known)")
        }
        let scheme = configuration.isSet(.tlsCertificate) ? "https" : "http"
        let sender = Sender(hook: hook, content: try content(for: hook), url: url ?? "\(scheme)://\(listen)\(hook.source)")
        let loop = try Loop("client")
        let client = Client(loop: loop, connections: parallel)
        let tally = await sender.send(count, parallel: parallel, by: client) { report($0) }
        await client.close()
        loop.stop()
        Terminal.endProgress()
        if count > 1, !json { print("\(tally.accepted) of \(count) accepted") }
        if tally.unreachable > 0 { return .unavailable }
        return tally.accepted == count ? .done : .no
    }

    private func content(for hook: Hook) throws -> Sender.Content {
        if let bodyPath {
            do { return .file(try SmallFile.read(bodyPath, limit: 1 << 30), type: type) } catch {
                throw WrongUsage("--body must name a readable file: it \(error)")
            }
        }
        guard let sample = Sample.named(type, of: hook.provider) else {
            let known = Sample.all(of: hook.provider).map(\.type).joined(separator: ", ")
            throw WrongUsage("there is no sample \(type ?? ""): there are \(known); --body takes your own")
        }
        return .sample(sample)
    }

    private func report(_ sent: Sender.Sent) {
        if json {
            printJSON { json in
                json.member("id", sent.id)
                switch sent.result {
                case .success(let response):
                    json.member("status", response.status)
                    json.member("answer", String(decoding: response.body, as: UTF8.self))
                case .failure(let failure): json.member("failure", "\(failure)")
                }
            }
        } else if count == 1 {
            switch sent.result {
            case .success(let response): print("\(response.status) \(Terminal.plain(String(decoding: response.body, as: UTF8.self)))")
            case .failure(let failure): Terminal.complain("flotilla send: \(failure)")
            }
        } else {
            Terminal.progress("\(sent.number) of \(count)")
            if case .failure(let failure) = sent.result, sent.number == 1 { Terminal.complain("flotilla send: \(failure)") }
        }
    }
}
