// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime

/// What any worker reads: how much at once, for how long, and which routes lead to it.
struct WorkerReader {
    private let routes: [Route]
    private let prefetch: Int?
    private let concurrency: Int?
    private let policy: RetryPolicy
    private let laneLimit: Int
    private let vault: Vault?

    init(reading configuration: inout Configuration) {
        routes = Route.all(&configuration)
        prefetch = configuration.isSet(.prefetch) ? configuration.integer(.prefetch, in: 1...65_535) : nil
        concurrency = configuration.isSet(.concurrency) ? configuration.integer(.concurrency, in: 1...10_000) : nil
        laneLimit = configuration.integer(.laneLimit, in: 1...1_000_000)
        policy = RetryPolicy(
            maximumAttempts: configuration.integer(.maxAttempts, in: 1...1000),
            maximumAge: configuration.duration(.maxAgeSeconds, in: .seconds(1)...(.seconds(3650 * 86_400))))
        vault = Vault(reading: &configuration)
        if let prefetch, let concurrency, prefetch < concurrency {
            configuration.fault(Variable.prefetch.name, "must not be less than FLOTILLA_CONCURRENCY: handlers would wait for deliveries")
        }
    }

    /// - Parameters:
    ///   - worker: the name that routes use; several queues may belong to it.
    ///   - bindings: what it takes without any route.
    func settings(
        worker: String, queue: String, bindings: [String], concurrency defaultConcurrency: Int, prefetch defaultPrefetch: Int
    ) -> Worker.Settings {
        let routed = routes.filter { $0.worker == worker || $0.worker == queue }.map(\.pattern)
        let own = bindings.compactMap { TopicPattern($0) }
        let handlers = concurrency ?? min(defaultConcurrency, prefetch ?? defaultConcurrency)
        var settings = Worker.Settings(
            queue: queue, bindings: own + routed, concurrency: handlers, prefetch: prefetch ?? max(defaultPrefetch, handlers))
        settings.policy = policy
        settings.laneLimit = laneLimit
        settings.vault = vault
        return settings
    }

    /// Where every worker is known, a route to another one is a mistake.
    func check(workers: [String], _ configuration: inout Configuration) {
        // With one sink alone, the worker and its queue have the same name.
        let names = Set(workers).sorted()
        for route in routes where !workers.contains(route.worker) {
            configuration.fault(
                route.place, "must lead to a worker of this process: \(names.joined(separator: ", ")); \(route.worker) is none")
        }
    }
}

/// One configured binding: `pattern>worker`.
struct Route {
    let pattern: TopicPattern
    let worker: String
    let place: String

    static func all(_ configuration: inout Configuration) -> [Route] {
        var routes: [Route] = []
        for item in configuration.list(.routes) {
            let parts = item.split(separator: ">", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            add(on: parts[0], to: parts.count > 1 ? parts[1] : "", at: Variable.routes.name, to: &routes, &configuration)
        }
        // The variable wins over the file as a whole: a list has no names by which its items could be merged.
        guard routes.isEmpty, let section = configuration.section("routes") else { return routes }
        let items = section.array ?? []
        if section.array == nil { configuration.fault(configuration.place(of: "routes"), "must be a list of objects with on and to") }
        for (index, item) in items.enumerated() {
            let place = configuration.place(of: "routes[\(index)]")
            for member in item.members ?? [] where !["on", "to"].contains(member.name) {
                configuration.fault(place, "has the setting \(member.name), which no worker of this version knows")
            }
            add(on: item["on"]?.string ?? "", to: item["to"]?.string ?? "", at: place, to: &routes, &configuration)
        }
        return routes
    }

    private static func add(
        on text: String, to worker: String, at place: String, to routes: inout [Route], _ configuration: inout Configuration
    ) {
        guard let pattern = TopicPattern(text), QueueNames.isWorkerQueue(worker) else {
            return configuration.fault(place, "must be routes of the form pattern>worker, such as github.#>log-sink")
        }
        routes.append(Route(pattern: pattern, worker: worker, place: place))
    }
}
