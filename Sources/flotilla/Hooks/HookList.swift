// SPDX-License-Identifier: Apache-2.0

internal import FlotillaIngress
internal import FlotillaModel
internal import FlotillaRuntime

/// What `flotilla hooks list` says of the hooks that the environment configures.
enum HookList {
    static func show(json: Bool) throws -> ExitStatus {
        var configuration = Configuration(environment: Configuration.processEnvironment())
        let hooks = HookTable(reading: &configuration)
        _ = try configuration.finish()
        var rows = [["HOOK", "PROVIDER", "SECRETS", "ANSWERS WITHIN", "URL", "SETTINGS"]]
        for hook in hooks.all {
            if json {
                printJSON { write(hook, to: &$0) }
            } else {
                rows.append([
                    hook.name, hook.provider.name, hook.awaitsSecret ? "handed over" : "\(hook.summary.secrets)",
                    Terminal.seconds(hook.provider.answerWithin),
                    hook.summary.url ?? "-", hook.summary.options.joined(separator: ", "),
                ])
            }
        }
        if !json { print(hooks.all.isEmpty ? "FLOTILLA_HOOKS names no hook" : Terminal.table(rows)) }
        return .done
    }

    private static func write(_ hook: Hook, to json: inout JSONWriter) {
        json.member("hook", hook.name)
        json.member("provider", hook.provider.name)
        json.member("path", hook.source)
        json.member("secrets", hook.summary.secrets)
        json.member("answer_within_seconds", hook.provider.answerWithin.inSeconds)
        json.key("url")
        if let url = hook.summary.url { json.string(url) } else { json.null() }
        json.key("settings")
        json.array { json in
            for option in hook.summary.options { json.string(option) }
        }
    }
}
