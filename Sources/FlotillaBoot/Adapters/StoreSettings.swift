// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import FlotillaRuntime
internal import FlotillaSQLite

/// Which broker and store, and how long they remember.
struct StoreSettings {
    let broker: AdapterURL
    let store: StoreURL
    /// Before all names on the broker.
    let prefix: String
    /// Where RabbitMQ's management API is, with user and password.
    let management: Secret?
    let journal: JournalLimits
    let ledgerAge: Duration
    let lease: Duration
    /// Whether a file that is not there is made.
    var create = true
    /// Whether this process lets go of what is old.
    var prunes = true

    init(reading configuration: inout Configuration) {
        broker = AdapterURL.readBroker(&configuration)
        store = AdapterURL.readStore(&configuration)
        prefix = Self.prefix(&configuration)
        if case .postgres = store, prefix.utf8.count > 55 || prefix.hasPrefix("pg_") {
            configuration.fault(
                Variable.prefix.name,
                "must be at most 55 characters with PostgreSQL, where it is a part of a schema's name, and not begin with pg_")
        }
        management = configuration.management()
        journal = Self.journal(&configuration)
        lease = configuration.duration(.leaseSeconds, in: .seconds(1)...(.seconds(600)))
        let days = configuration.integer(.ledgerDays, in: 1...3650)
        ledgerAge = .seconds(days * 86_400)
        let maximumAge = configuration.duration(.maxAgeSeconds, in: .seconds(1)...(.seconds(3650 * 86_400)))
        let patience = Duration.seconds(4 * 86_400)
        let needed = max(journal.isOff ? .zero : journal.age, maximumAge + patience)
        if ledgerAge < needed {
            let least = Int((needed.inSeconds / 86_400).rounded(.up))
            configuration.fault(
                Variable.ledgerDays.name,
                "must be at least \(least): the journal's days, and FLOTILLA_MAX_AGE_SECONDS plus the 4 days for which providers send again"
            )
        }
    }

    /// Where a fleet's tables are in a database.
    var schema: String { prefix + "flotilla" }

    /// What can stand in every name on a broker, and leaves room for the rest of it.
    private static func prefix(_ configuration: inout Configuration) -> String {
        let text = configuration.text(.prefix) ?? ""
        let plain = text.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x5F || $0 == 0x2E
        }
        if !plain || text.utf8.count > 60 {
            configuration.fault(Variable.prefix.name, "must be at most 60 of a-z 0-9 - _ .")
        }
        return text
    }

    /// `on`, `off`, or limits: `7d,50GB`, `7d`, `50GB`.
    private static func journal(_ configuration: inout Configuration) -> JournalLimits {
        let items = configuration.list(.journal)
        if items == ["off"] { return .off }
        var limits = JournalLimits()
        if items == ["on"] { return limits }
        for item in items {
            // A bare number would be both.
            if item.utf8.last.map({ $0 >= 0x41 }) ?? false {
                if let age = Quantity.duration(item), age > .zero {
                    limits.age = age
                    continue
                }
                if let bytes = Quantity.bytes(item), bytes >= 1_000_000 {
                    limits.bytes = Int64(bytes)
                    continue
                }
            }
            configuration.fault(Variable.journal.name, "must be on, off, or limits by age and size such as 7d,50GB (at least 1MB)")
            break
        }
        return limits
    }
}
