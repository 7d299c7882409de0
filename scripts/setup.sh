# Sourced by the scripts beside it: finds what is missing on a Debian 12 with Swift, installs it, and says so. Quick when nothing is.
# Needs: to be in the project's root.

say() { printf '\033[1m== %s\033[0m\n' "$*"; }

# need PACKAGE...: apt packages, installed only when missing.
need() {
    local package missing=()
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    say "installing ${missing[*]}"
    local sudo=
    [ "$(id -u)" -eq 0 ] || sudo=sudo
    $sudo apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq "${missing[@]}" >/dev/null
}

need_swift() {
    command -v swift >/dev/null && return
    echo "Swift 6.2 or later is needed (swift.org/install), and there is no swift in PATH" >&2
    exit 1
}

# What the product is built on.
need_libraries() {
    need libsqlite3-dev libssl-dev libcurl4-openssl-dev
}

# need_python FOLDER PACKAGE...: a virtual environment with these packages from PyPI.
need_python() {
    local folder=$1 stamp
    shift
    stamp="$folder/.$(printf '%s\n' "$@" | cksum | cut -d' ' -f1)"
    [ -e "$stamp" ] && return
    need python3 python3-venv
    say "installing $* into $folder"
    python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check "$@"
    touch "$stamp"
}

# area NAME COMMAND...: runs it, and remembers how long it took; `areas` prints that. Nothing stands behind the command in the same
# list: bash would then go on after a failure inside of it.
area_names=() area_seconds=()
area() {
    local begin=$SECONDS
    area_names+=("$1")
    say "$1"
    shift
    "$@"
    area_seconds+=($((SECONDS - begin)))
}
areas() {
    local i
    say "minutes by area"
    for i in "${!area_names[@]}"; do
        printf '%6s  %s\n' "$((area_seconds[i] / 60)):$(printf %02d $((area_seconds[i] % 60)))" "${area_names[i]}"
    done
}
