// SPDX-License-Identifier: Apache-2.0

internal import FlotillaIngress
internal import FlotillaModel
internal import FlotillaRuntime

struct HooksCommand: Command {
    static let name = "hooks"
    static let summary = "schemes: what there is; list: what is configured; verify: why a request is refused; secrets: what was handed over"
    static let help = """
        usage: flotilla hooks schemes [NAME] [--json]
               flotilla hooks list [--json]
               flotilla hooks verify [FILE…] [--guesses N]
               flotilla hooks secrets [--json]
               flotilla hooks reveal HOOK [--json]
               flotilla hooks forget HOOK [--dry-run] [--yes] [--json]

        schemes    every provider that a hook can have, or one of them: its secret, its variables, what its events are called
        list       the hooks that the environment configures, without their secrets
        verify     judges requests as the ingress would: one JSON object a line from the files, or from the standard input, and one
                   verdict a line in the same order

                     {"id":"any","provider":"stripe","keys":[{"kind":"utf8","value":"whsec_…"}],"now":1767225600,"method":"POST",
                      "url":"https://…","headers":[["Name","value"],…],"body":"…","config":{…}}
                     {"id":"any","verdict":"reject","check":"signature","why":"…","events":[]}

                   keys: any of them may match. Kinds: \(HooksCommand.kinds).
                   now: seconds; without it, this machine's clock. body_b64 instead of body: base64 of bytes that are no text.
                   config: the scheme's settings by their names in `flotilla hooks schemes NAME`.
                   check: what failed; `input` when the line is no such object, or its keys and config are not the scheme's.
                   why: also tries what often goes wrong (a body that was changed on the way, a URL or a secret in another form, a
                   clock) and says what would have been accepted, for the first 1000 refused requests or --guesses N. Neither
                   a secret nor an expected signature is ever shown.

        secrets    what providers handed over in a handshake (Asana, Notion): since when, and under which of FLOTILLA_KEYS it is sealed
        reveal     shows one of them, since Notion asks for it; who did so is recorded
        forget     makes room for another one, when the webhook was made anew; events are refused until it comes

        Exit status: 0 done, and with verify every request was accepted; 1 at least one was refused, or the scheme or the secret is not
        known; 2 wrong usage; 69 the store is away; 78 bad configuration.
        """

    private static let kinds = HookKey.Kind.allCases.filter { $0 != .provided }.map(\.rawValue).joined(separator: ", ")

    private enum Order {
        case schemes(String?)
        case list
        case verify([String], guesses: Int)
        case secrets(HookSecretsCommand)
    }

    private let order: Order
    private let json: Bool

    init(_ arguments: inout Arguments) throws {
        let guesses = try arguments.integer("--guesses", in: 0...Int.max)
        json = arguments.flag("--json")
        let what = try arguments.word("schemes, list, verify, secrets, reveal or forget")
        switch what {
        case "schemes": order = .schemes(arguments.word())
        case "list": order = .list
        case "verify":
            var files: [String] = []
            while let file = arguments.word() { files.append(file) }
            order = .verify(files, guesses: guesses ?? 1000)
        default:
            guard let verb = HookSecretsCommand.Verb(rawValue: what) else {
                throw WrongUsage("\(what) is none of schemes, list, verify, secrets, reveal, forget")
            }
            order = .secrets(try HookSecretsCommand(verb, json: json, &arguments))
        }
        if guesses != nil, what != "verify" { throw WrongUsage("--guesses belongs to verify") }
    }

    func run() async throws -> ExitStatus {
        switch order {
        case .schemes(let name): return try SchemePages.show(name, json: json)
        case .list: return try HookList.show(json: json)
        case .verify(let files, let guesses):
            var run = VerifyRun(guesses: guesses)
            return try run.judge(files)
        case .secrets(let command): return try await command.run()
        }
    }
}
