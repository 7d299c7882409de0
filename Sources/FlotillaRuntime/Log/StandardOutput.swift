// SPDX-License-Identifier: Apache-2.0

internal import CLinux

package enum StandardOutput {
    /// From now on every whole line leaves the process at once, also into a pipe or a file: what a handler prints for its author would
    /// otherwise wait for 4 KB of its like, and be lost with a kill. Called by main before anything is printed.
    package static func lineByLine() {
        flotilla_lines_on_stdout()
    }
}
