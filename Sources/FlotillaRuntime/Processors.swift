// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The processors that this process may use.
package enum Processors {
    package static var count: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
}
