// SPDX-License-Identifier: Apache-2.0

import FlotillaCrypto
import FlotillaHTTP
import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import Testing

func utf8(_ text: String) -> [UInt8] { Array(text.utf8) }

/// A request to verify, written down as briefly as a table needs it.
func request(_ headers: [(name: String, value: String)], _ body: String, hook: String = "hook") -> Request {
    Request(head: RequestHead(method: "POST", target: "/hooks/\(hook)", headers: Headers(headers)), body: utf8(body))
}

func hook(_ provider: String, _ secrets: String..., name: String = "hook") throws -> Hook {
    try hook(provider, secrets, name: name)
}

func hook(_ provider: String, _ secrets: [String], name: String = "hook", limits: HookLimits = HookLimits()) throws -> Hook {
    var settings = HookSettings(secrets: secrets.map { Secret($0) })
    settings.limits = limits
    return try Hook(name: name, provider: #require(ProviderTable.named(provider)), settings: settings)
}

func seconds(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }

/// What the verifier says of a request: nil for "it is the provider's".
func verdict(_ hook: Hook, _ request: Request, at now: Timestamp = seconds(0)) -> Rejection.Check? {
    do throws(Rejection) {
        _ = try hook.verify(request, at: now)
        return nil
    } catch {
        return error.check
    }
}
