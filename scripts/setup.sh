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
    need libsqlite3-dev libssl-dev libcurl4-openssl-dev librabbitmq-dev libpq-dev
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

# answers PORT PID OUTPUT: waits till somebody listens at this port. Fails, with what was said last, when the process is gone or a minute is over.
answers() {
    local deadline=$((SECONDS + 60))
    until (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do
        if ! kill -0 "$2" 2>/dev/null || [ $SECONDS -ge $deadline ]; then
            tail -n 20 "$3" >&2
            return 1
        fi
        sleep 0.1
    done
}

# start_rabbit FOLDER: a RabbitMQ node of its own in this folder, on free ports; its URL is in $rabbit, its process in $rabbit_pid. Ended by
# `stop_rabbit`. The broker's own tool is not asked: the port answers when it is ready.
start_rabbit() {
    local folder=$1 ports
    rabbit_folder=$folder
    need rabbitmq-server python3
    mkdir -p "$folder"
    read -r -a ports < <(python3 -c 'import socket
held = [socket.socket() for _ in range(3)]
for one in held: one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in held))')
    printf 'listeners.tcp.default = 127.0.0.1:%s\ndisk_free_limit.absolute = 50MB\nlog.console = false\n' "${ports[0]}" >"$folder/rabbitmq.conf"
    echo '[].' >"$folder/plugins"
    (umask 277 && rm -f "$folder/.erlang.cookie" && echo flotilla >"$folder/.erlang.cookie")
    # From the folder: what the node writes when it ends badly stays there.
    (
        cd "$folder"
        export HOME=$folder RABBITMQ_NODENAME=n${ports[0]}@localhost RABBITMQ_MNESIA_BASE=$folder/data RABBITMQ_LOG_BASE=$folder/log
        export RABBITMQ_CONFIG_FILE=$folder/rabbitmq.conf RABBITMQ_ENABLED_PLUGINS_FILE=$folder/plugins RABBITMQ_PID_FILE=$folder/pid
        export RABBITMQ_DIST_PORT=${ports[1]} ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT=${ports[2]}
        exec /usr/lib/rabbitmq/bin/rabbitmq-server </dev/null >"$folder/out" 2>&1
    ) &
    rabbit_pid=$!
    rabbit_mapper=${ports[2]} rabbit=amqp://guest:guest@127.0.0.1:${ports[0]}
    answers "${ports[0]}" "$rabbit_pid" "$folder/out"
}
stop_rabbit() {
    [ -n "${rabbit_pid-}" ] || return 0
    kill "$(cat "$rabbit_folder/pid" 2>/dev/null || echo "$rabbit_pid")" 2>/dev/null || true
    wait "$rabbit_pid" 2>/dev/null || true
    ERL_EPMD_PORT=$rabbit_mapper epmd -kill >/dev/null 2>&1 || true
    rabbit_pid=
}

# start_postgres FOLDER: a PostgreSQL server of its own in this folder, on a free port, by a user who may, for it refuses root; its URL is in
# $postgres. Ended by `stop_postgres`.
start_postgres() {
    local folder=$1 port user as=()
    need postgresql-15 python3
    mkdir -p "$folder/data"
    if [ "$(id -u)" -eq 0 ]; then
        user=postgres
        as=(setpriv "--reuid=$user" "--regid=$(id -g "$user")" --clear-groups)
        # Every folder above must let that user in.
        chown "$user" "$folder" "$folder/data"
    fi
    chmod 700 "$folder/data"
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    "${as[@]}" /usr/lib/postgresql/15/bin/initdb -D "$folder/data" -U fleet -A trust -E UTF8 --no-locale --no-sync </dev/null >"$folder/out" 2>&1
    printf "listen_addresses = '127.0.0.1'\nport = %s\nunix_socket_directories = ''\n" "$port" >>"$folder/data/postgresql.conf"
    "${as[@]}" /usr/lib/postgresql/15/bin/postgres -D "$folder/data" </dev/null >>"$folder/out" 2>&1 &
    postgres_pid=$! postgres=postgres://fleet:fleet@127.0.0.1:$port/postgres
    answers "$port" "$postgres_pid" "$folder/out"
}
stop_postgres() {
    [ -n "${postgres_pid-}" ] || return 0
    kill -INT "$postgres_pid" 2>/dev/null || true
    wait "$postgres_pid" 2>/dev/null || true
    postgres_pid=
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
