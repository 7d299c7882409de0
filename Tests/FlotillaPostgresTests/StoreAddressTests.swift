// SPDX-License-Identifier: Apache-2.0

import FlotillaPostgres
import FlotillaRuntime
import Testing

struct StoreAddressTests {
    @Test func `everything that a URL says is read, percent-decoded`() throws {
        let address = try StoreAddress("postgres://fl%40t:p%40ss%2Fw%3Ard:x@db.example.com:5433/fleet?sslmode=require")
        #expect(address.hosts.map(\.name) == ["db.example.com"] && address.hosts.map(\.port) == [5433])
        #expect(address.user == "fl@t" && address.database == "fleet" && address.tls == .require)
        #expect(address.password?.expose() == "p@ss/w:rd:x")
    }

    @Test func `what is left out is as usual`() throws {
        let address = try StoreAddress("postgresql://flotilla@localhost/fleet")
        #expect(address.hosts.map(\.port) == [5432] && address.password == nil && address.tls == .prefer)
    }

    @Test func `several hosts, addresses in brackets and the folder of a socket are hosts`() throws {
        let address = try StoreAddress("postgres://u:p@one,[::1]:5433,%2Fvar%2Frun%2Fpostgresql/db")
        #expect(address.hosts.map(\.description) == ["one:5432", "[::1]:5433", "/var/run/postgresql:5432"])
    }

    @Test(
        arguments: [
            "postgres://user:hunter2@hunter2@host/db", "postgres://user:hunter2@/db", "postgres://user:hunter2@host",
            "postgres://user:hunter2@host/", "postgres://:hunter2@host/db", "postgres://host/db", "mysql://user:hunter2@host/db",
            "postgres://user:hunter2@host/db?sslmode=hunter2", "postgres://user:hunter2@host/db?hunter2=1",
            "postgres://user:hunter2@host/db?sslmode=verify-full&password=hunter2",
        ])
    func `what is wrong with a URL is said without any of it`(_ text: String) {
        #expect {
            _ = try StoreAddress(text)
        } throws: { error in
            !"\(error)".contains("hunter2") && !"\(error)".isEmpty
        }
    }

    @Test func `neither user nor password shows when an address is printed`() throws {
        let address = try StoreAddress("postgres://someone:hunter2@host/db?sslmode=verify-full")
        #expect(address.description == "postgres://host:5432/db")
        #expect(!"\(address)".contains("someone") && !String(reflecting: address.password).contains("hunter2"))
    }
}
