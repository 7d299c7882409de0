// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaRuntime
internal import Synchronization

/// The HookSecrets port in memory, for tests of whatever needs one: gone with the process.
package final class MemoryHookSecrets: HookSecrets {
    private struct State {
        var secrets: [String: HookSecret] = [:]
        var reads = 0
        var away: String?
        var held: Signpost?
    }

    private let state = Mutex(State())

    package init() {}

    /// From now on every call throws; nil ends it.
    package func fail(because why: String?) { state.withLock { $0.away = why } }

    /// From now on whoever looks or puts waits until it is called with false.
    package func hold(_ isHeld: Bool) {
        let gate = state.withLock { state in
            defer { state.held = isHeld ? state.held ?? Signpost() : nil }
            return isHeld ? nil : state.held
        }
        gate?.reach()
    }

    /// How often somebody looked.
    package var reads: Int { state.withLock { $0.reads } }

    package func put(_ secret: HookSecret) async throws -> Bool {
        await state.withLock { $0.held }?.wait()
        return try change { state in
            guard state.secrets[secret.hook] == nil else { return false }
            state.secrets[secret.hook] = secret
            return true
        }
    }

    package func secret(of hook: String) async throws -> HookSecret? {
        try change { $0.reads += 1 }
        await state.withLock { $0.held }?.wait()
        return try change { $0.secrets[hook] }
    }

    package func all() async throws -> [HookSecret] {
        try change { $0.secrets.values.sorted { $0.hook < $1.hook } }
    }

    package func forget(_ secret: HookSecret) async throws -> Bool {
        try change { state in
            guard state.secrets[secret.hook]?.sealed == secret.sealed else { return false }
            state.secrets[secret.hook] = nil
            return true
        }
    }

    private func change<Value>(_ body: (inout State) throws -> Value) throws -> Value {
        try state.withLock { state in
            if let away = state.away { throw MemoryFailure(description: away) }
            return try body(&state)
        }
    }
}
