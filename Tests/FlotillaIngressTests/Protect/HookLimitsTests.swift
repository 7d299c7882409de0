// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaIngress
import FlotillaRuntime
import Testing

@Suite struct HookLimitsTests {
    private static let both = HookLimits(networks: NetworkList("192.0.2.0/24, 2001:db8::/32") ?? NetworkList(), rate: Rate("50/m"))

    private static func environment(_ more: [String: String] = [:]) -> [String: String] {
        let base = ["FLOTILLA_HOOKS": "shop=standard-webhooks", "FLOTILLA_HOOK_SHOP_SECRET": HookConfigurationTests.whsec]
        return base.merging(more) { $1 }
    }

    @Test("without any, a hook has no limits")
    func none() throws {
        #expect(try HookConfigurationTests.read(Self.environment()).hooks["shop"]?.limits == HookLimits())
    }

    @Test(
        "networks and a rate come from variables or from the file, whose networks may be a list",
        arguments: [
            (["FLOTILLA_HOOK_SHOP_NETWORKS": "192.0.2.0/24, 2001:db8::/32", "FLOTILLA_HOOK_SHOP_RATE": "50/m"], nil),
            ([:], #"{"hooks":{"shop":{"networks":"192.0.2.0/24 2001:db8::/32","rate":"50/m"}}}"#),
            ([:], #"{"hooks":{"shop":{"networks":["192.0.2.0/24","2001:db8::/32"],"rate":"50/m"}}}"#),
            (["FLOTILLA_HOOK_SHOP_RATE": "50/m"], #"{"hooks":{"shop":{"networks":["192.0.2.0/24","2001:db8::/32"],"rate":"1/h"}}}"#),
        ] as [([String: String], String?)])
    func read(_ variables: [String: String], _ file: String?) throws {
        let (hooks, faults) = try HookConfigurationTests.read(Self.environment(variables), file: file)
        #expect(faults == [])
        #expect(hooks["shop"]?.limits == Self.both)
    }

    @Test(
        "what is no network or no rate is a fault where it stands",
        arguments: [
            (["FLOTILLA_HOOK_SHOP_NETWORKS": "192.0.2.1/24"], nil, "FLOTILLA_HOOK_SHOP_NETWORKS must be networks such as"),
            (["FLOTILLA_HOOK_SHOP_NETWORKS": "here"], nil, "FLOTILLA_HOOK_SHOP_NETWORKS must be networks such as"),
            (["FLOTILLA_HOOK_SHOP_RATE": "50"], nil, "FLOTILLA_HOOK_SHOP_RATE must be a rate such as"),
            (
                ["FLOTILLA_HOOK_SHOP_RATES": "50/m"], nil,
                "FLOTILLA_HOOK_SHOP_RATES is not a variable of Flotilla: did you mean FLOTILLA_HOOK_SHOP_RATE?"
            ),
            ([:], #"{"hooks":{"shop":{"networks":[]}}}"#, "FILE: hooks.shop.networks must be networks such as"),
            ([:], #"{"hooks":{"shop":{"networks":["192.0.2.0/24",7]}}}"#, "FILE: hooks.shop.networks must be networks such as"),
            ([:], #"{"hooks":{"shop":{"rate":"fast"}}}"#, "FILE: hooks.shop.rate must be a rate such as"),
        ] as [([String: String], String?, String)])
    func faulty(_ variables: [String: String], _ file: String?, _ fault: String) throws {
        let faults = try HookConfigurationTests.read(Self.environment(variables), file: file).faults
        #expect(faults.count == 1)
        #expect(faults.first?.description.hasPrefix(fault) == true, "\(faults)")
    }

    @Test("a rate is a fault for a provider that does not send again: what is told to wait would be lost")
    func lost() throws {
        let environment = ["FLOTILLA_HOOKS": "github", "FLOTILLA_HOOK_GITHUB_SECRET": "x", "FLOTILLA_HOOK_GITHUB_RATE": "50/m"]
        let faults = try HookConfigurationTests.read(environment).faults
        #expect(faults.map(\.name) == ["FLOTILLA_HOOK_GITHUB_RATE"])
    }
}
