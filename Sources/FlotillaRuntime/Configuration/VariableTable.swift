// SPDX-License-Identifier: Apache-2.0

/// Every variable of the fleet. All programs know all names, since one environment is often shared by them; which of them a program
/// reads, and so shows in its help, is one of the lists below.
extension Variable {
    // MARK: Where things are

    package static let broker = Variable(
        "FLOTILLA_BROKER", default: "sqlite:var/flotilla.db",
        "the broker: sqlite:path, amqp://user:password@host:5672/vhost or amqps://…?cacertfile=…; several hosts separated by commas")
    package static let brokerManagement = Variable(
        "FLOTILLA_BROKER_MANAGEMENT",
        "http://user:password@host:15672, for unacked counts, rates and policies; without it those fields say \"unknown\"")
    package static let store = Variable(
        "FLOTILLA_STORE", default: "sqlite:var/flotilla.db",
        "ledger and stores: sqlite:path or postgres://user:password@host:5432/db?sslmode=…")
    package static let prefix = Variable(
        "FLOTILLA_PREFIX", "put before all names on the broker and the schema in PostgreSQL, for several fleets on one")
    package static let files = Variable("FLOTILLA_FILES", default: "var/files", "the folder behind file: references")
    package static let config = Variable(
        "FLOTILLA_CONFIG", "a JSON file with the sections hooks, routes and workers, read again on SIGHUP; variables win over it")

    // MARK: Listening

    package static let listen = Variable("FLOTILLA_LISTEN", default: "127.0.0.1:8080", "where the ingress listens")
    package static let apiListen = Variable("FLOTILLA_API_LISTEN", default: "127.0.0.1:8082", "where search and inbox listen")
    package static let oauthListen = Variable("FLOTILLA_OAUTH_LISTEN", default: "127.0.0.1:8081", "where the OAuth service listens")
    package static let oauthURL = Variable("FLOTILLA_OAUTH_URL", "where workers find the OAuth service")
    package static let publicURL = Variable(
        "FLOTILLA_PUBLIC_URL", "how the outside reaches the ingress: signed URLs, unsubscribe links, OAuth callbacks")
    package static let admin = Variable("FLOTILLA_ADMIN", default: "127.0.0.1:9464", "where /healthz, /readyz and /metrics are")

    package static let tlsCertificate = Variable(
        "FLOTILLA_TLS_CERT",
        "certificates in PEM, the server's own first: the ingress then speaks HTTPS. Read again once a minute and on SIGHUP, so better a …_FILE"
    )
    package static let tlsKey = Variable("FLOTILLA_TLS_KEY", "the certificate's private key in PEM, without a password")
    package static let trustedProxies = Variable(
        "FLOTILLA_TRUSTED_PROXIES", "networks of proxies of yours: whom they name in the forwarded header is taken for the sender")
    package static let forwardedHeader = Variable(
        "FLOTILLA_FORWARDED_HEADER", default: "x-forwarded-for",
        "x-forwarded-for or forwarded: the one that those proxies write, and that no sender can smuggle past them")
    package static let floodRate = Variable(
        "FLOTILLA_FLOOD_RATE", default: "6000/m",
        "how many requests of one network (IPv4 address, IPv6 /64) may be refused before it is answered 429 unread, or off; verified ones never count"
    )

    // MARK: The process

    package static let log = Variable(
        "FLOTILLA_LOG", default: "info", "debug, info, notice, warning or error; JSON lines on stderr, readable text on a terminal")
    package static let drainSeconds = Variable("FLOTILLA_DRAIN_SECONDS", default: "25", "the time from SIGTERM to exit")
    package static let otlpEndpoint = Variable("OTEL_EXPORTER_OTLP_ENDPOINT", "where traces go, over OTLP/HTTP")
    package static let otelServiceName = Variable("OTEL_SERVICE_NAME", "the service's name in traces")

    // MARK: Keys and tokens

    package static let keys = Variable(
        "FLOTILLA_KEYS", "vault keys id:base64(32 bytes) separated by spaces, newest first; the first one encrypts, all decrypt")
    package static let apiTokens = Variable(
        "FLOTILLA_API_TOKENS",
        "name:scopes[@tenant]:token separated by spaces; the scopes events, tokens, search and inbox are joined by +")

    // MARK: Events

    package static let hooks = Variable(
        "FLOTILLA_HOOKS",
        "name or name=provider, separated by commas; each has FLOTILLA_HOOK_<NAME>_SECRET, …_URL, …_NETWORKS, …_RATE and what its scheme needs"
    )
    package static let routes = Variable(
        "FLOTILLA_ROUTES", "pattern>worker, separated by commas: github.#>log-sink,stripe.invoice.*>email")
    package static let maxBodyBytes = Variable("FLOTILLA_MAX_BODY_BYTES", default: "16777216", "a larger request body is answered 413")
    package static let maxInflightBytes = Variable(
        "FLOTILLA_MAX_INFLIGHT_BYTES", default: "268435456", "bodies held at once in a process; past it 503")
    package static let journal = Variable("FLOTILLA_JOURNAL", default: "on", "on, off, or limits such as 7d,50GB")
    package static let ledgerDays = Variable(
        "FLOTILLA_LEDGER_DAYS", default: "14",
        "how long outcomes are remembered; at least the journal's days, and the maximum age plus 4 days")
    package static let leaseSeconds = Variable(
        "FLOTILLA_LEASE_SECONDS", default: "30",
        "how long what a vanished process held stays held, at most; on SQLite one that was killed is noticed sooner")
    package static let prefetch = Variable("FLOTILLA_PREFETCH", "deliveries held by a worker; the default depends on the worker")
    package static let concurrency = Variable("FLOTILLA_CONCURRENCY", "handlers running at once; the default depends on the worker")
    package static let maxAttempts = Variable("FLOTILLA_MAX_ATTEMPTS", default: "12", "attempts before an event is a dead letter")
    package static let maxAgeSeconds = Variable("FLOTILLA_MAX_AGE_SECONDS", default: "259200", "age at which an event is a dead letter")
    package static let laneLimit = Variable(
        "FLOTILLA_LANE_LIMIT", default: "1000",
        "events of one partition key that may wait, where a worker keeps them in strict order; more are parked when it gets on no more")
    package static let logSinks = Variable(
        "FLOTILLA_LOG_SINKS", default: "file:var/log/flotilla.jsonl", "sinks of the log-sink worker, URLs separated by spaces")

    // MARK: Who reads what

    package static let everyProgram: [Variable] = [
        broker, brokerManagement, prefix, store, journal, ledgerDays, leaseSeconds, maxAgeSeconds, keys, config, admin, log,
        drainSeconds,
    ]
    package static let ofIngress: [Variable] = [
        listen, publicURL, tlsCertificate, tlsKey, trustedProxies, forwardedHeader, floodRate, hooks, apiTokens, maxBodyBytes,
        maxInflightBytes,
    ]
    package static let ofWorkers: [Variable] = [prefetch, concurrency, maxAttempts, laneLimit, routes]
    package static let ofLogSink: [Variable] = [logSinks]

    package static let all: [Variable] =
        everyProgram + ofIngress + ofWorkers + ofLogSink + later

    /// Known, so that an environment made for later versions is not refused; read by none of today's programs.
    package static let later: [Variable] = [
        otlpEndpoint, otelServiceName, files, apiListen, oauthListen, oauthURL,
    ]
}
