// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaIngress
internal import FlotillaModel
internal import FlotillaRuntime

/// A hook of any provider to measure with: keys that protect nothing, and settings that fit.
enum BenchHook {
    static func make(of provider: Provider) throws -> Hook {
        var options: [String: String] = [:]
        for option in provider.options where option.isRequired || named[option.name] != nil {
            options[option.name] = named[option.name] ?? "X-Sample"
        }
        var failure: (any Error)?
        for key in keys {
            let settings = HookSettings(keys: [HookKey(Secret(key))], url: url, options: options)
            do {
                let hook = try Hook(name: "bench", provider: provider, settings: settings)
                _ = try request(to: hook, at: SystemClock().now)
                return hook
            } catch { failure = failure ?? error }
        }
        throw failure ?? WrongUsage("there is no key for \(provider.name)")
    }

    /// The provider's first sample, of at least 1 KB, signed by the provider.
    static func request(to hook: Hook, at now: Timestamp) throws -> Request {
        guard let sample = Sample.all(of: hook.provider).first else { throw WrongUsage("there is no sample of \(hook.provider.name)") }
        var body = sample.body(id: "00000000-0000-4000-8000-000000000000", now: now)
        let missing = String(repeating: "x", count: max(1, size - body.count - 9))
        if let brace = body.firstIndex(of: UInt8(ascii: "{")), brace < 2 {
            body.insert(contentsOf: #""pad":"\#(missing)","#.utf8, at: brace + 1)
        } else {
            body += "&pad=\(missing)".utf8
        }
        return try WebhookSigner.sign(
            hook: hook, type: sample.type, body: body, contentType: sample.contentType, headers: sample.headers, id: "1", now: now)
    }

    static let size = 1024
    private static let url = "https://hooks.example.com/hooks/bench"
    private static let named = [
        "audience": url, "email": "push@example.com", "topic_arn": "arn:aws:sns:eu-west-1:123456789012:lamps",
        "webhook_id": "5GP028458E2496506",
    ]

    private static let keys = [
        "sample:secret-of-the-bench-alone", "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=", ed25519, p256, rsa,
    ]

    private static let ed25519 = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEIAgA+Y/uFyWoF2Q3wPdkM4XUA2VNIsEZWvqrqMg9YX4C
        -----END PRIVATE KEY-----
        """

    private static let p256 = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgewWWv4NJW8fCWzzB
        Qwkdg1onfukilavfLlBJ66pflLehRANCAAQv0/NoxGXR5Zyyu6BzGCS+E9IW6jQ0
        PlQqB13Va0vPvzq35bGCGhjtZx2tSxEwEQBsMKgLCKRyvM+TmzdkAPN5
        -----END PRIVATE KEY-----
        """

    private static let rsa = """
        -----BEGIN PRIVATE KEY-----
        MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC49riOXWKSA5qM
        jnCcYbz9j1wduJswpXBApHG31P53eB24ZUOHb4bkGMi/c/Ua0Wq1jnsxv3pFS0mV
        qAD+fBKs/PWAwwej+slZ1FjYKfBLz/MlKif0ERDvmqWHbN4A49xx/ly8W3PhnS+u
        r2+rMgO9zvyNKoz92C4FMS9GSznIaMjqiczd9eDBnMLwyj+LTWpW8b/EOPWH2VRR
        0YFEXrHzoB2ygLGdMwBRYi9qQbc0JeIkjRNqQ3Xd9rYNdKAkQGQ9D46go0rtHua9
        aiRTRV2+hAFsQzhajw7C9WjaNuIocBFfLdxPmHmqcRlpJh+MHqXb4dIi9udbhQiN
        64hpwmYtAgMBAAECggEAW61yaaIQ3uWpX1ykpWZuedFqa5LaXQDLREcd1GvemxGu
        zXxnvcQCPKGqMvcDOIEvHoFaP5y0Oo9oECUfJQQTb6nL97/zVAxUa9FsHeyfnbwb
        PMMJ3Zft6I0i2Z6U5SUL2XaluXis1dmGzlNHire2Egj7te6uxo01tj4cO//CSroG
        yo7wAj2XddC+t/4jtT/c0r1u2JHtfIPtypzikfRQr/ONilXexuujnIhg68INtAaP
        JbIqiumLhCDQ2wUQVNaH4Xz0NhmKOGNHSmp3foPWGnrUAVb2IiTdSLhf1eHXnHuB
        ES4ONP7Jwve9ZRvUce/tCygUBEjbyrvnVwoOEm0VMwKBgQD/bm+W19KV5xtuwhVz
        2r9hrz2gPDH4bvuRaWAme+XnQjZVKR3L24eEGBlET0w9T1JUCE0QWSzM1qDHlpfP
        dPO3PM4KgHeZQ9o3GhIefvGecN7U6Jgub8gWaQqmrR6XehVM4y/fItSiFM698yrZ
        hbWaxQmeFReXhkLAwDONwHRzJwKBgQC5YCCTCIJcwn2KsmXIrBHsqETeE4mGHoiG
        2N1gg4fJvcPBiAoVIGAmt+RXpvKsvrFFkH7CDW1Y2MXGFXBwGNB5gcOzFG0WXj/y
        wB95Ug+MfA950SZR+76wFiDFHRxo2MDGHDzqQ6GtIcPRGsQVP3YbKWc1j36q32x7
        dKMxPKUgiwKBgBnTLpEPrQje3tUp5kVaXnMf5pkmvN6jSef/wWrip/Hjrd6aU5ri
        zSa70QIpCkpAlNBOLoxyl6b2JDdJsHuXFXT3PtWs+2qRg6SCjEZtCzy7qKvaAFjh
        kFdDs4H6itdBzpmBdruWp+zjMavew/xOGnhVZ42GEGaPenxGcm/of12NAoGBAKxP
        dDf38uUyS+u+g+oSN98ZUlpzIqQugY2Gy9BIstGNuQaN44FbxMR4rqHjJzP3VWRq
        Ock7Hec2KDBGAWvRRQeM3VH6rKPcG+kTOK5W3ukg8Gm1Rb9zF/8psnBG7P9wa1A7
        M0w2bXQ3LIOUM6vkf24kADHDHmTKpVXkR0UfMAadAoGAFSqZUGA8rcXAc8NjbcN1
        S7aCS+DR/519hKREIfxqCug3xYitiGsV6Je6ULbGXdipOImQeIbpWOZvlJfaWQLs
        LYrIYbRAcqMcyUkyNfafRF1TP5aBO154SvQxjV/HUnrE/7ELiqtzF1GCYojO5dii
        cB0goSGI/X65U99WXUcppdg=
        -----END PRIVATE KEY-----
        """
}
