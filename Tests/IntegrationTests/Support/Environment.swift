// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Whether this variable is set for the tests.
func environment(_ name: String) -> Bool { ProcessInfo.processInfo.environment[name]?.isEmpty == false }
