// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct HookWatchTests {
    private func silence(of hook: String, _ door: Door) -> String? {
        String(decoding: door.metrics.render(), as: UTF8.self).split(separator: "\n").map(String.init)
            .first { $0.hasPrefix("flotilla_hook_silence_seconds{hook=\"\(hook)\"}") }
            .map { String($0.split(separator: " ")[1]) }
    }

    @Test("the silence of a hook is in the metrics from the start, and ends with a verified request, not with a forgery")
    func metric() async throws {
        let door = try Door()
        door.pass(.seconds(100))
        #expect(silence(of: "github", door) == "100")
        #expect(silence(of: "shop", door) == "100")
        #expect(await door.answer(try door.signed("github")).status == 202)
        #expect(silence(of: "github", door) == "0")
        door.pass(.seconds(7))
        var forged = try door.signed("github")
        forged.body.append(0x20)
        #expect(await door.answer(forged).status == 401)
        #expect(silence(of: "github", door) == "7")
        #expect(silence(of: "shop", door) == "107")
    }

    @Test("a verified request ends the silence although the broker is away: the provider is well")
    func brokerAway() async throws {
        let door = try Door(.fail(CancellationError()))
        door.pass(.seconds(100))
        #expect(await door.answer(try door.signed("github")).status == 503)
        #expect(silence(of: "github", door) == "0")
    }

    @Test("a burst of refusals is told once with its remedy, and a recovery once, by the timer that looks at the hooks")
    func burst() async throws {
        let door = try Door()
        let sleeper = ManualSleeper()
        let watching = Task { await door.ingress.watchHooks(sleeper) }
        var forged = try door.signed("github")
        forged.body.append(0x20)
        for _ in 0..<30 { _ = await door.answer(forged) }
        for _ in 0..<3 { await look(sleeper) }
        #expect(await door.answer(try door.signed("github")).status == 202)
        for _ in 0..<3 { await look(sleeper) }
        watching.cancel()
        await watching.value
        let lines = door.log.lines.filter { $0.message.hasPrefix("hook ") }
        #expect(lines.map(\.message) == ["hook refuses what it gets", "hook heard again"])
        #expect(lines.map(\.level) == [.warning, .notice])
        #expect(lines.map { $0["hook"] } == [.string("github"), .string("github")])
        #expect(lines.first?["check"] == .string("signature"))
        #expect(lines.first?["remedy"]?.string?.contains("FLOTILLA_HOOK_GITHUB_SECRET") == true)
    }

    @Test("a hook that was never seen is told once, each hook for itself")
    func neverSeen() async throws {
        let door = try Door()
        let sleeper = ManualSleeper()
        let watching = Task { await door.ingress.watchHooks(sleeper) }
        door.pass(.seconds(5 * 3600))
        #expect(await door.answer(try door.signed("github")).status == 202)
        door.pass(.seconds(2 * 3600))
        for _ in 0..<3 { await look(sleeper) }
        watching.cancel()
        await watching.value
        #expect(door.log.lines.map(\.message) == ["hook never heard since the start"])
        #expect(door.log.lines.map { $0["hook"] } == [.string("shop")])
        #expect(door.log.lines.map { $0["seconds"] } == [.integer(25_200)])
    }

    private func look(_ sleeper: ManualSleeper) async {
        await sleeper.sleeping(atLeast: 1)
        sleeper.advance(by: .seconds(15))
        await sleeper.sleeping(atLeast: 1)
    }
}
