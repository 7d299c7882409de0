// SPDX-License-Identifier: Apache-2.0

internal import FlotillaBoot
internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime

/// `flotilla hooks secrets`, `reveal` and `forget`: what providers handed over in handshakes.
struct HookSecretsCommand {
    enum Verb: String, CaseIterable { case secrets, reveal, forget }

    private let verb: Verb
    private let hook: String
    private let dryRun: Bool
    private let yes: Bool
    private let json: Bool

    init(_ verb: Verb, json: Bool, _ arguments: inout Arguments) throws {
        self.verb = verb
        self.json = json
        dryRun = arguments.flag("--dry-run")
        yes = arguments.flag("--yes")
        if verb != .forget, dryRun || yes { throw WrongUsage("--dry-run and --yes belong to forget") }
        hook = verb == .secrets ? "" : try arguments.word("the hook's name")
    }

    func run() async throws -> ExitStatus {
        try await OperatorSession.with { session in
            switch verb {
            case .secrets: try await list(session)
            case .reveal: try await reveal(session)
            case .forget: try await forget(session)
            }
        }
    }

    private func list(_ session: OperatorSession) async throws -> ExitStatus {
        let all = try await session.hookSecrets.all()
        let rows = all.map { [$0.hook, $0.since.description, $0.sealed.key, Self.state(of: $0, session.vault)] }
        if json {
            for row in rows {
                printJSON { json in
                    for (name, value) in zip(["hook", "since", "key", "state"], row) { json.member(name, value) }
                }
            }
        } else {
            print(rows.isEmpty ? "no hook has been given a secret" : Terminal.table([["HOOK", "SINCE", "KEY", "STATE"]] + rows))
        }
        return rows.isEmpty ? .no : .done
    }

    private static func state(of secret: HookSecret, _ vault: Vault?) -> String {
        guard let vault else { return "FLOTILLA_KEYS is not set here" }
        do {
            _ = try vault.open(secret.sealed, as: .hook(secret.hook))
            return "opens"
        } catch {
            return error.description
        }
    }

    private func found(_ session: OperatorSession) async throws -> HookSecret? {
        let secret = try await session.hookSecrets.secret(of: hook)
        if secret == nil { Terminal.complain("flotilla hooks \(verb.rawValue): \(Terminal.plain(hook)) has not been given a secret") }
        return secret
    }

    private func reveal(_ session: OperatorSession) async throws -> ExitStatus {
        guard let vault = session.vault else {
            throw ConfigurationFaults([ConfigurationFault(Variable.keys.name, "must hold the key that the secret is sealed with")])
        }
        guard let secret = try await found(session) else { return .no }
        let text = try vault.open(secret.sealed, as: .hook(hook)).expose()
        // Whoever has seen it is known, before it is shown.
        try await session.record("hooks reveal \(hook)")
        if json {
            printJSON { json in
                json.member("hook", hook)
                json.member("since", secret.since.description)
                json.member("secret", text)
            }
        } else {
            print(text)
        }
        return .done
    }

    private func forget(_ session: OperatorSession) async throws -> ExitStatus {
        guard let secret = try await found(session) else { return .no }
        var changed = false
        if !dryRun {
            let question = "forget the secret of \(hook)? Its provider's events are refused until it hands over another one"
            guard yes || !Terminal.isInteractive || Terminal.confirm(question) else { return .no }
            try await session.record("hooks forget \(hook): begun")
            changed = try await session.hookSecrets.forget(secret)
            try await session.record("hooks forget \(hook): \(changed ? "done" : "another secret had taken its place")")
        }
        if json {
            printJSON { json in
                json.member("hook", hook)
                json.member("since", secret.since.description)
                json.member("changed", changed)
                json.member("dry_run", dryRun)
            }
        } else if dryRun {
            print("would forget the secret that \(hook) was given at \(secret.since)")
        } else {
            print(changed ? "forgot the secret of \(hook)" : "another secret had taken its place: it stays")
        }
        return dryRun || changed ? .done : .no
    }
}
