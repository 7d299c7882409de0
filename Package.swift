// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is built under the same rules; CI adds `-warnings-as-errors` and
/// `--explicit-target-dependency-import-check error`, so that an arrow not declared here does not build.
let rules: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// A module map over a C library of Debian; the shim headers say why they exist.
func library(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(name: name, path: "Sources/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

func layer(_ name: String, on dependencies: Target.Dependency...) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: rules)
}

func program(_ name: String, on dependencies: Target.Dependency...) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: rules)
}

func tests(_ name: String, on dependencies: Target.Dependency...) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: rules)
}

/// What tests start as a process of its own; no product.
func testProgram(_ name: String, on dependencies: Target.Dependency...) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: "Tests/Programs/\(name)", swiftSettings: rules)
}

let package = Package(
    name: "flotilla",
    products: [
        .library(name: "FlotillaModel", targets: ["FlotillaModel"]),
        .library(name: "FlotillaEngine", targets: ["FlotillaEngine"]),
        .library(name: "FlotillaBoot", targets: ["FlotillaBoot"]),
        .executable(name: "flotilla", targets: ["flotilla"]),
        .executable(name: "flotilla-ingress", targets: ["flotilla-ingress"]),
        .executable(name: "flotilla-log-sink", targets: ["flotilla-log-sink"]),
    ],
    targets: [
        .systemLibrary(name: "CLinux", path: "Sources/CLinux"),
        library("CSQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev"),
        library("COpenSSL", pkgConfig: "openssl", apt: "libssl-dev"),
        library("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
        library("CRabbitMQ", pkgConfig: "librabbitmq", apt: "librabbitmq-dev"),
        library("CPostgres", pkgConfig: "libpq", apt: "libpq-dev"),

        .target(name: "CBench", dependencies: ["CSQLite", "COpenSSL", "CRabbitMQ"]),

        layer("FlotillaModel"),
        layer("FlotillaRuntime", on: "CLinux", "FlotillaModel"),
        layer("FlotillaCrypto", on: "COpenSSL"),
        layer("FlotillaHTTP", on: "FlotillaRuntime", "FlotillaCrypto", "CLinux", "CCurl", "COpenSSL"),
        // Crypto for the ledger's key: a hash that a provider, who chooses ids, can't make collide.
        layer("FlotillaEngine", on: "FlotillaModel", "FlotillaRuntime", "FlotillaCrypto"),
        layer("FlotillaSQLite", on: "FlotillaEngine", "FlotillaModel", "FlotillaRuntime", "CSQLite", "CLinux"),
        // Crypto for the message id of an event whose own is too long for AMQP.
        layer("FlotillaRabbitMQ", on: "FlotillaEngine", "FlotillaModel", "FlotillaRuntime", "FlotillaCrypto", "CRabbitMQ"),
        layer("FlotillaPostgres", on: "FlotillaEngine", "FlotillaModel", "FlotillaRuntime", "CPostgres"),
        layer("FlotillaMemory", on: "FlotillaEngine", "FlotillaModel", "FlotillaRuntime"),
        layer("FlotillaIngress", on: "FlotillaEngine", "FlotillaModel", "FlotillaRuntime", "FlotillaHTTP", "FlotillaCrypto"),
        layer("FlotillaWorkers", on: "FlotillaEngine", "FlotillaModel", "FlotillaRuntime", "CLinux"),
        layer("FlotillaOperate", on: "FlotillaEngine", "FlotillaModel", "FlotillaRuntime"),
        layer(
            "FlotillaBoot", on: "FlotillaEngine", "FlotillaModel", "FlotillaRuntime", "FlotillaHTTP", "FlotillaSQLite",
            "FlotillaRabbitMQ", "FlotillaPostgres", "FlotillaIngress", "FlotillaWorkers", "FlotillaOperate"),

        program(
            "flotilla", on: "FlotillaBoot", "FlotillaOperate", "FlotillaEngine", "FlotillaModel", "FlotillaRuntime",
            "FlotillaIngress", "FlotillaHTTP", "FlotillaSQLite", "FlotillaRabbitMQ", "FlotillaPostgres", "CBench"),
        program("flotilla-ingress", on: "FlotillaBoot"),
        program("flotilla-log-sink", on: "FlotillaBoot"),

        // What several test targets need: seeded randomness, signals with deadlines.
        .target(name: "TestSupport", dependencies: ["FlotillaRuntime"], path: "Tests/Support", swiftSettings: rules),

        tests("FlotillaModelTests", on: "FlotillaModel", "TestSupport"),
        tests("FlotillaRuntimeTests", on: "FlotillaRuntime", "FlotillaModel", "CLinux", "TestSupport"),
        tests("FlotillaHTTPTests", on: "FlotillaHTTP", "FlotillaRuntime", "COpenSSL", "TestSupport"),
        tests("FlotillaEngineTests", on: "FlotillaEngine", "FlotillaMemory", "FlotillaModel", "FlotillaRuntime", "TestSupport"),
        tests(
            "FlotillaPortTests", on: "CrashWorker", "flotilla", "flotilla-log-sink", "flotilla-ingress", "FlotillaHTTP", "FlotillaEngine",
            "FlotillaMemory", "FlotillaSQLite", "FlotillaRabbitMQ", "FlotillaPostgres",
            "FlotillaOperate", "FlotillaBoot", "FlotillaModel", "FlotillaRuntime", "FlotillaCrypto", "CSQLite", "CRabbitMQ", "CPostgres",
            "TestSupport"),
        tests(
            "FlotillaRabbitMQTests", on: "FlotillaRabbitMQ", "FlotillaEngine", "FlotillaModel", "FlotillaRuntime", "CRabbitMQ",
            "TestSupport"),
        tests("FlotillaPostgresTests", on: "FlotillaPostgres", "FlotillaEngine", "FlotillaModel", "FlotillaRuntime", "TestSupport"),
        tests("FlotillaBootTests", on: "FlotillaBoot", "FlotillaHTTP", "FlotillaModel", "FlotillaRuntime", "TestSupport"),
        tests("FlotillaCryptoTests", on: "FlotillaCrypto", "FlotillaModel", "TestSupport"),
        tests(
            "FlotillaIngressTests", on: "FlotillaIngress", "FlotillaEngine", "FlotillaMemory", "FlotillaHTTP", "FlotillaModel",
            "FlotillaRuntime",
            "FlotillaCrypto", "TestSupport"),
        tests("FlotillaWorkersTests", on: "FlotillaWorkers", "FlotillaEngine", "FlotillaModel", "FlotillaRuntime", "TestSupport"),
        testProgram(
            "CrashWorker", on: "FlotillaEngine", "FlotillaModel", "FlotillaRuntime", "FlotillaHTTP", "FlotillaSQLite", "FlotillaPostgres",
            "FlotillaRabbitMQ", "CLinux"),
        tests(
            "IntegrationTests", on: "CrashWorker", "flotilla", "flotilla-ingress", "flotilla-log-sink", "FlotillaEngine", "FlotillaSQLite",
            "FlotillaModel", "FlotillaRuntime", "FlotillaCrypto", "TestSupport"),
    ],
    swiftLanguageModes: [.v6]
)
