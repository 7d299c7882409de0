// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import Testing

struct HookSecretsTests {
    private static func secret(_ hook: String, _ byte: UInt8 = 1, key: String = "k1", at seconds: Int64 = 5) -> HookSecret {
        HookSecret(
            hook: hook, sealed: SealedSecret(key: key, bytes: [0, byte, 0xFF, 0]), since: Timestamp(milliseconds: seconds * 1000))
    }

    @Test(arguments: Adapter.ledgers)
    func `the first secret of a hook is kept, and nothing replaces it`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let secrets = try await harness.open().hookSecrets
            #expect(try await secrets.secret(of: "tasks") == nil)
            #expect(try await secrets.put(Self.secret("tasks")))
            #expect(try await secrets.put(Self.secret("tasks", 2, key: "k2")) == false)
            // Not even itself: whoever puts is told that there was one.
            #expect(try await secrets.put(Self.secret("tasks")) == false)
            #expect(try await secrets.secret(of: "tasks") == Self.secret("tasks"))
            #expect(try await secrets.secret(of: "task") == nil)
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `each hook has its own, and all are listed by their names`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let secrets = try await harness.open().hookSecrets
            #expect(try await secrets.all().isEmpty)
            for name in ["wiki", "tasks-eu", "tasks"] { #expect(try await secrets.put(Self.secret(name))) }
            #expect(try await secrets.all() == ["tasks", "tasks-eu", "wiki"].map { Self.secret($0) })
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `what was put is seen by every process from then on, and outlives a killed one`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let (first, second) = (try await harness.open(), try await harness.open())
            #expect(try await second.hookSecrets.secret(of: "tasks") == nil)
            #expect(try await first.hookSecrets.put(Self.secret("tasks")))
            #expect(try await second.hookSecrets.secret(of: "tasks") == Self.secret("tasks"))
            #expect(try await second.hookSecrets.put(Self.secret("tasks", 2)) == false)
            await first.vanish()
            await second.vanish()
            #expect(try await harness.open().hookSecrets.secret(of: "tasks") == Self.secret("tasks"))
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `forgetting makes room for another; what has taken its place meanwhile stays`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let secrets = try await harness.open().hookSecrets
            #expect(try await secrets.forget(Self.secret("tasks")) == false)
            #expect(try await secrets.put(Self.secret("tasks")))
            #expect(try await secrets.put(Self.secret("wiki")))
            #expect(try await secrets.forget(Self.secret("tasks")))
            #expect(try await secrets.put(Self.secret("tasks", 2)))
            #expect(try await secrets.forget(Self.secret("tasks")) == false)
            #expect(try await secrets.all() == [Self.secret("tasks", 2), Self.secret("wiki")])
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `of many that are put at once from several processes one is kept, and its owner alone is told so`(_ adapter: Adapter)
        async throws
    {
        try await adapter.harness { harness in
            let holders = [try await harness.open(), try await harness.open()]
            for round in 0..<10 {
                let hook = "hook-\(round)"
                let winners = try await withThrowingTaskGroup(of: HookSecret?.self) { group in
                    for number in 0..<20 {
                        let secrets = holders[number % 2].hookSecrets
                        let secret = Self.secret(hook, UInt8(number))
                        group.addTask { try await secrets.put(secret) ? secret : nil }
                    }
                    return try await group.reduce(into: [HookSecret]()) { found, winner in found += [winner].compactMap(\.self) }
                }
                #expect(winners.count == 1)
                #expect(try await holders[1].hookSecrets.secret(of: hook) == winners.first)
            }
        }
    }
}
