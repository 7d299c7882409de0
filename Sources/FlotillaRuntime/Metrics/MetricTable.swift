// SPDX-License-Identifier: Apache-2.0

/// Every metric of the fleet. Dashboards use only these; no label carries an id, an address, a URL or a tenant.
package enum MetricTable {
    // MARK: Ingress

    package static let ingressRequests = Metric<Counter>(
        "flotilla_ingress_requests_total", "Requests to a hook, by the status they were answered with.", labels: ["hook", "status"])
    package static let ingressRejected = Metric<Counter>(
        "flotilla_ingress_rejected_total", "Requests to a hook that were refused, by reason.", labels: ["hook", "reason"])
    package static let ingressSeconds = Metric<Histogram>(
        "flotilla_ingress_seconds", "From the request's first byte to its answer.", labels: ["hook"], buckets: requestBuckets)
    package static let ingressInflightBytes = Metric<Gauge>(
        "flotilla_ingress_inflight_bytes", "Bytes of request bodies held at this moment.")
    package static let hookSilenceSeconds = Metric<Gauge>(
        "flotilla_hook_silence_seconds", "Time since a hook's last verified request, or since the start for one that had none.",
        labels: ["hook"])

    // MARK: Broker

    package static let publishSeconds = Metric<Histogram>(
        "flotilla_publish_seconds", "From publishing to the broker's confirm.", buckets: requestBuckets)
    package static let published = Metric<Counter>("flotilla_published_total", "Events published, by result.", labels: ["result"])
    package static let brokerUp = Metric<Gauge>("flotilla_broker_up", "1 while the broker can be reached.")
    package static let brokerBlocked = Metric<Gauge>("flotilla_broker_blocked", "1 while the broker takes no publishes.")
    package static let queueMessages = Metric<Gauge>("flotilla_queue_messages", "Events in a queue, by state.", labels: ["queue", "state"])
    package static let queueOldestSeconds = Metric<Gauge>(
        "flotilla_queue_oldest_seconds", "Age of the oldest event of a queue.", labels: ["queue"])

    // MARK: Workers

    package static let deliveries = Metric<Counter>(
        "flotilla_deliveries_total", "Deliveries settled, by outcome.", labels: ["queue", "outcome"])
    package static let handleSeconds = Metric<Histogram>(
        "flotilla_handle_seconds", "Time in a handler.", labels: ["queue", "type"], buckets: workBuckets)
    package static let eventAgeSeconds = Metric<Histogram>(
        "flotilla_event_age_seconds", "From accepting an event to settling it.", labels: ["queue"], buckets: ageBuckets)
    package static let inflight = Metric<Gauge>("flotilla_inflight", "Deliveries held by a worker.", labels: ["queue"])
    package static let retries = Metric<Counter>(
        "flotilla_retries_total", "Events put back for a later attempt, by class of failure.", labels: ["queue", "class"])
    package static let dead = Metric<Counter>(
        "flotilla_dead_total", "Events made dead letters, by class of failure.", labels: ["queue", "class"])
    package static let parked = Metric<Counter>(
        "flotilla_parked_total", "Events parked until a connection is authorised again.", labels: ["queue"])
    package static let duplicates = Metric<Counter>(
        "flotilla_duplicates_total", "Deliveries of an event that already had an outcome.", labels: ["queue"])
    package static let effects = Metric<Counter>(
        "flotilla_effects_total", "Effects of handlers, by what became of them.", labels: ["queue", "effect", "result"])
    package static let ledgerSeconds = Metric<Histogram>(
        "flotilla_ledger_seconds", "Time of one operation of the ledger.", labels: ["op"], buckets: requestBuckets)

    // MARK: Buckets, in seconds

    /// A commit on a local disk to a provider's patience.
    private static let requestBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    /// A handler's own work to its deadline.
    private static let workBuckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
    /// An idle queue to the maximum age of three days.
    private static let ageBuckets: [Double] = [0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400, 259_200]
}
