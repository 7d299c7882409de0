// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaEngine
internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// The secret that a hook was given in a handshake, as this process knows it: made with the ingress for each hook that is configured
/// without one, empty until a request comes, and from then on at most a second behind the store. So a secret that another process
/// was given holds here without a restart, and so does that it was forgotten. A store that is slow is waited for only by those who can't
/// be judged without it: the others go on with what was known, and one of them a moment later.
///
/// A flood of whatever kind makes it look at most twice a second: once in turn, once because something did not fit.
actor HandedSecret {
    private struct Known {
        let record: HookSecret
        let secret: Secret
        let hook: Hook
    }

    static let freshness = Duration.seconds(1)
    private static let moment = Duration.milliseconds(200)

    private let bare: Hook
    private let store: any HookSecrets
    private let vault: Vault
    private let deadlines: Deadlines
    private let clock: any WallClock
    private let log: Logger
    private let failures = LogThrottle(1, each: .seconds(10))
    /// What knew the secret under the configuration before; nil once it was asked.
    private var predecessor: HandedSecret?
    private var known: Known?
    /// Set when nothing is known because of it, not because there is nothing.
    private var isTroubled = false
    private var looked: Timestamp?
    private var lookedOutOfTurn: Timestamp?
    private var looking: Task<Void, Never>?
    /// Grows with each secret that was put, so that a look that began before does not undo it.
    private var puts = 0

    init(of hook: Hook, in place: HookVault, after predecessor: HandedSecret?, by deadlines: Deadlines, clock: any WallClock, log: Logger) {
        bare = hook
        store = place.store
        vault = place.vault
        self.predecessor = predecessor
        self.deadlines = deadlines
        self.clock = clock
        self.log = log.with(["hook": hook.name])
    }

    // MARK: Verifying

    nonisolated func verify(_ request: Request, at now: Timestamp) async throws(Rejection) -> VerifiedRequest {
        let hook = try await hook()
        do throws(Rejection) {
            return try hook.verify(request, at: now)
        } catch {
            // Another process may have been given one a moment ago.
            guard error.check == .signature, await lookOutOfTurn() else { throw error }
            return try await self.hook().verify(request, at: now)
        }
    }

    /// The hook with its secret, or without when it has none yet.
    private func hook() async throws(Rejection) -> Hook {
        await inherit()
        if known == nil {
            if isDue(looked) || looking != nil { await look() }
        } else if isDue(looked), looking == nil {
            let look = beginLook()
            _ = await deadlines.value(until: deadlines.now &+ Self.moment.inNanoseconds) { await look.value }
        }
        if let known { return known.hook }
        if isTroubled { throw Self.unavailable }
        return bare
    }

    // MARK: Keeping

    /// True when it is the hook's, now or before; false when the hook has another one.
    func keep(_ offered: Secret) async throws(Rejection) -> Bool {
        _ = try await hook()
        if let known {
            if Self.same(known.secret, offered) { return true }
            // It may have been forgotten a moment ago.
            guard await lookOutOfTurn(), self.known == nil else { return false }
        }
        do {
            let hook = try bare.with(secret: offered)
            let sealed = try vault.seal(offered, as: .hook(bare.name))
            let record = HookSecret(hook: bare.name, sealed: sealed, since: clock.now)
            if try await store.put(record) {
                puts += 1
                known = Known(record: record, secret: offered, hook: hook)
                isTroubled = false
                log.notice(
                    "the provider handed its secret over: it is kept",
                    ["sealed_with": sealed.key, "see": "flotilla hooks reveal \(bare.name)"])
                return true
            }
        } catch {
            // It may have been kept all the same.
            looked = nil
            failed(error)
            throw Self.unavailable
        }
        // Another one was faster.
        await look()
        _ = try await hook()
        guard let known else { throw Rejection(.unavailable, "the hook's secret is just being changed") }
        return Self.same(known.secret, offered)
    }

    // MARK: Looking

    private func isDue(_ last: Timestamp?) -> Bool {
        guard let last else { return true }
        let now = clock.now
        // A clock that was put back must not make what is known last.
        return now - last >= Self.freshness || now < last
    }

    /// False when it was too soon.
    private func lookOutOfTurn() async -> Bool {
        guard isDue(lookedOutOfTurn) else { return false }
        lookedOutOfTurn = clock.now
        await look()
        return true
    }

    private func look() async { await beginLook().value }

    /// One look at a time: whoever comes meanwhile waits for it.
    private func beginLook() -> Task<Void, Never> {
        if let looking { return looking }
        let task = Task { await load() }
        looking = task
        return task
    }

    /// A change of the configuration is no reason to ask the store for what is known, which may be away just now.
    private func inherit() async {
        guard let old = predecessor else { return }
        let inherited = await old.current()
        guard predecessor != nil else { return }
        predecessor = nil
        guard let inherited, let hook = try? bare.with(secret: inherited.secret) else { return }
        known = Known(record: inherited.record, secret: inherited.secret, hook: hook)
    }

    private func current() async -> Known? {
        await inherit()
        return known
    }

    private func load() async {
        looked = clock.now
        let before = puts
        defer { looking = nil }
        do {
            let found = try await store.secret(of: bare.name)
            guard puts == before, found != known?.record || isTroubled else { return }
            known = nil
            isTroubled = false
            guard let found else { return }
            let secret = try vault.open(found.sealed, as: .hook(bare.name))
            known = Known(record: found, secret: secret, hook: try bare.with(secret: secret))
        } catch {
            // What was known before a store went away still holds.
            isTroubled = true
            failed(error)
        }
    }

    /// An error of a kind that is not meant to be shown is named by its type alone.
    private func failed(_ error: any Error) {
        guard let leftOut = failures.admit(at: clock.now) else { return }
        let why = (error as? VaultFailure)?.description ?? "\(type(of: error))"
        log.warning("the secret of the hook can't be had", ["why": why, "left_out": leftOut])
    }

    static let unavailable = Rejection(.unavailable, "the hook's secret can't be had now")

    static func same(_ left: Secret, _ right: Secret) -> Bool {
        left.withBytes { left in right.withBytes { constantTimeEquals(left, $0) } }
    }
}
