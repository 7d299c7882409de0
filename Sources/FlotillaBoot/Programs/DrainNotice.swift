// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime

/// Tells on the admin port that the process drains, whatever began it: so that nobody sends it work any more. Made by a RunningProgram
/// for the first stage, since that is asked first; the admin port is closed last, and says so to the end.
struct DrainNotice: Service {
    let name = "drain notice"
    let health: Health
    private let end = Signpost()

    init(health: Health) {
        self.health = health
    }

    func run() async { await end.wait() }

    func drain() async {
        health.report("process", .draining)
        end.reach()
    }
}
