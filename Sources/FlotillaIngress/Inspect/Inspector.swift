// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
package import FlotillaModel
package import FlotillaRuntime

/// Judges requests one by one, each with its own keys and its own clock, as the ingress would. Made for one run of `flotilla hooks
/// verify`; never throws, whatever a line holds.
package struct Inspector {
    private let clock: any WallClock
    private let random: any RandomSource
    /// For how many more rejected requests the likely cause is looked for, which takes a hundred times as long as the verdict.
    private var guesses: Int
    /// Lines often have the same keys one after the other.
    private var last: (name: String, settings: HookSettings, hook: Hook)?

    package init(guesses: Int, clock: any WallClock = SystemClock(), random: any RandomSource = SystemRandom()) {
        self.guesses = guesses
        self.clock = clock
        self.random = random
    }

    package mutating func verdict(on line: [UInt8]) -> Verdict {
        let inspected: InspectedRequest
        do { inspected = try InspectedRequest(line: line, defaultNow: clock.now) } catch { return .unreadable(error) }
        let hook: Hook
        do {
            hook = try self.hook(of: inspected)
        } catch {
            return Verdict(id: inspected.id, .rejected(check: Verdict.checkOfInput, why: "\(error)"))
        }
        do {
            return Verdict(id: inspected.id, .accepted(try events(of: inspected.request, to: hook, at: inspected.now)))
        } catch let rejection as Rejection {
            return Verdict(id: inspected.id, .rejected(check: rejection.check.rawValue, why: why(rejection, inspected)))
        } catch {
            return Verdict(id: inspected.id, .rejected(check: Verdict.checkOfInput, why: "no event can be made of it: \(error)"))
        }
    }

    /// None for a handshake: it is answered, and is no event.
    private func events(of request: Request, to hook: Hook, at now: Timestamp) throws -> [SplitEvent] {
        guard hook.methods.contains(request.head.method) else {
            throw Rejection(.method, "the method has to be \(hook.methods.joined(separator: " or "))")
        }
        switch try hook.provider.handshake?.unsigned(request, to: hook) {
        case .answer: return []
        case .refuse(let rejection, _): throw rejection
        case .keep(let secret, _):
            guard hook.awaitsSecret || hook.settings.keys.contains(where: { HandedSecret.same($0.text, secret) }) else {
                throw Rejection(.handshake, "the hook has a secret already, and it is another one")
            }
            return []
        case nil: break
        }
        let verified = try hook.verify(request, at: now)
        if case .answer = try hook.provider.handshake?.signed(verified, to: hook, at: now) { return [] }
        return try hook.split(verified, acceptedAt: now) { random.uuid(at: now) }
    }

    private mutating func hook(of inspected: InspectedRequest) throws(HookFault) -> Hook {
        if let last, last.name == inspected.name, last.settings == inspected.settings { return last.hook }
        let hook = try inspected.hook()
        last = (inspected.name, inspected.settings, hook)
        return hook
    }

    private mutating func why(_ rejection: Rejection, _ inspected: InspectedRequest) -> String {
        guard guesses > 0 else { return rejection.why }
        guesses -= 1
        return "\(rejection.why); \(Diagnosis(of: inspected, rejection).remedy)"
    }
}

/// What is said of one line.
package struct Verdict: Sendable {
    /// For what is wrong with the line itself, or with the keys and settings in it.
    static let checkOfInput = "input"

    package enum Finding: Sendable {
        case accepted([SplitEvent])
        case rejected(check: String, why: String)
    }

    /// The line's own.
    package let id: JSONValue
    package let finding: Finding

    init(id: JSONValue, _ finding: Finding) {
        self.id = id
        self.finding = finding
    }

    static func unreadable(_ fault: LineFault) -> Verdict {
        Verdict(id: fault.id, .rejected(check: checkOfInput, why: fault.why))
    }

    package static func tooLong(limit: Int) -> Verdict {
        .unreadable(LineFault("a line must not be longer than \(limit) bytes"))
    }

    package var isAccepted: Bool {
        if case .accepted = finding { true } else { false }
    }

    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.key("id")
            json.value(id)
            json.member("verdict", isAccepted ? "accept" : "reject")
            if case .rejected(let check, let why) = finding {
                json.member("check", check)
                json.member("why", why)
            }
            json.key("events")
            json.array { json in
                guard case .accepted(let events) = finding else { return }
                for event in events { write(event, to: &json) }
            }
        }
    }

    private func write(_ made: SplitEvent, to json: inout JSONWriter) {
        func member(_ name: String, _ value: String?, _ json: inout JSONWriter) {
            json.key(name)
            if let value { json.string(value) } else { json.null() }
        }
        json.object { json in
            json.member("id", made.event.id)
            json.member("stable", made.idIsStable)
            json.member("type", made.event.type)
            member("rawtype", made.rawType, &json)
            member("tenant", made.event.extensions["tenant"], &json)
        }
    }
}
