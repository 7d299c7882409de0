// SPDX-License-Identifier: Apache-2.0

internal import FlotillaBoot

@main enum Main {
    static func main() { LogSinkProgram.main() }
}
