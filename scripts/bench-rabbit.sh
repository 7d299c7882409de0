# Sourced by scripts/bench: what it measures on RabbitMQ, beside bare C loops over librabbitmq on the same broker in the same run.

# on_rabbit COMMAND...: with the broker of FLOTILLA_BROKER, or a node of its own.
on_rabbit() {
    if [ -z "${FLOTILLA_BROKER-}" ]; then
        start_rabbit "$folder/rabbit"
        export FLOTILLA_BROKER=$rabbit
    fi
    "$@"
}

# rate COMMAND...: the last "N msg/s" that it prints.
rate() {
    "$@" </dev/null >"$folder/rate.out" 2>&1 || { cat "$folder/rate.out" >&2 && exit 1; }
    grep -oE '[0-9.]+ msg/s' "$folder/rate.out" | tail -n 1 | cut -d' ' -f1
}
median() { sort -n | sed -n 2p; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

# beside NAME LEAST COMMAND...: three rounds of ours and of the bare loop in turn; prints the medians and what one is of the other.
beside() {
    local name=$1 least=$2 ours=() bare=() round mine limit
    shift 2
    for round in 1 2 3; do
        bare+=("$(rate "$bin/flotilla" bench "$@" --bare)")
        ours+=("$(rate "$bin/flotilla" bench "$@")")
    done
    mine=$(printf '%s\n' "${ours[@]}" | median)
    limit=$(printf '%s\n' "${bare[@]}" | median)
    printf '%-34s %9s msg/s  of a bare loop %9s  %s\n' "$name" "$mine" "$limit" "$(ratio "$mine" "$limit")"
    at_least "$name beside a bare loop" "$(ratio "$mine" "$limit")" "$least"
    last=$mine
}

bench_broker() {
    local count=${events:-60000} plain journaled round name window last
    for window in 64 512; do
        beside "publish, $window at once" 0.45 broker --publishers "$window" --count "$count"
        plain=$last
        journaled=()
        for round in 1 2 3; do
            journaled+=("$(rate "$bin/flotilla" bench broker --publishers "$window" --count "$count" --journal)")
        done
        last=$(printf '%s\n' "${journaled[@]}" | median)
        printf '%-34s %9s msg/s  of without %9s  %s\n' "publish with journal, $window at once" "$last" "$plain" "$(ratio "$last" "$plain")"
        at_least "publishing with a journal" "$(ratio "$last" "$plain")" 0.4
    done
    beside "consume, prefetch 256" 0.25 worker --publishers 64 --count "$count"
    set -- "${peers[@]}"
    while [ $# -gt 0 ]; do
        name=$1
        printf '%-34s %9s msg/s\n' "$name" "$(rate bash -c "$2")"
        shift 2
    done
}

# posts NAME CONNECTIONS URL: requests a second, and p99 in milliseconds: a line in $folder/posts.
posts() {
    local rate
    rate=$(hit "$3" "$2")
    awk -v OFS='\t' -v name="$1" -v connections="$2" -v rate="$rate" '/99%/ {
        tail = $2 ~ /us$/ ? $2 / 1000 : $2 ~ /ms$/ ? $2 + 0 : $2 * 1000
        print name, connections, rate, tail
    }' "$folder/wrk.out" >>"$folder/posts"
}

# ingress_on_rabbit PREFIX JOURNAL PORT: an ingress for a fleet of its own, whose worker has declared its queue and left.
ingress_on_rabbit() {
    local admin sink
    admin=$(free_port)
    export FLOTILLA_PREFIX=$1 FLOTILLA_JOURNAL=$2 FLOTILLA_LISTEN=127.0.0.1:$3 FLOTILLA_ADMIN=127.0.0.1:$admin
    "$bin/flotilla-log-sink" </dev/null >"$folder/$1sink.out" 2>&1 &
    sink=$!
    wait_for "$admin"
    kill $sink && wait $sink
    "$bin/flotilla-ingress" </dev/null >"$folder/$1ingress.out" 2>&1 &
    pids+=($!)
    wait_for "$3"
}

bench_broker_ingress() {
    need wrk python3 openssl
    local off on connections round limit=() all
    export FLOTILLA_STORE=sqlite:$folder/bench.db FLOTILLA_LOG_SINKS=file:$folder/log.jsonl
    export FLOTILLA_HOOKS=github FLOTILLA_HOOK_GITHUB_SECRET=s3cret FLOTILLA_ROUTES='github.#>log-sink'
    off=$(free_port) on=$(free_port)
    ingress_on_rabbit off. off "$off"
    ingress_on_rabbit on. 1d,1GB "$on"
    webhooks
    for connections in 64 512; do
        for round in 1 2 3; do
            printf 'bare loop\t%s\t%s\t0\n' "$connections" \
                "$(rate "$bin/flotilla" bench broker --publishers 512 --count 60000 --bare)" >>"$folder/posts"
            posts "ingress" "$connections" "http://127.0.0.1:$off/hooks/github"
            posts "ingress with journal" "$connections" "http://127.0.0.1:$on/hooks/github"
            all=("${peers[@]}")
            while [ ${#all[@]} -gt 0 ]; do
                posts "${all[0]}" "$connections" "${all[1]}"
                all=("${all[@]:2}")
            done
        done
    done
    python3 - "$folder/posts" <<'PY'
import statistics, sys
from collections import defaultdict
rates, tails = defaultdict(list), defaultdict(list)
for line in open(sys.argv[1]):
    name, connections, rate, tail = line.rstrip("\n").split("\t")
    rates[name, connections].append(float(rate))
    tails[name, connections].append(float(tail))
for (name, connections), found in rates.items():
    middle, bare = statistics.median(found), statistics.median(rates["bare loop", connections])
    print(f"{name:22} {connections:>4} connections {middle:9.0f} requests/s  of the bare loop {middle / bare:.2f}  p99 {statistics.median(tails[name, connections]):.1f} ms")
PY
}

bench_broker_large() {
    local count=${events:-10000} window alone among
    for window in 64 512; do
        alone=$("$bin/flotilla" bench broker --publishers "$window" --count "$((count * 10))" --json)
        among=$("$bin/flotilla" bench broker --publishers "$window" --count "$count" --large --json)
        alone=$(value p99_us "$alone") among=$(value p99_us "$among")
        printf '%-34s %9.1f ms   one in a hundred of 10 MB %9.1f ms  %s\n' "publish, $window at once, p99" "$(ratio "$alone" 1000)" \
            "$(ratio "$among" 1000)" "$(ratio "$among" "$alone")"
    done
}

# resident PID: megabytes.
resident() { awk '/^VmRSS/ { printf "%.1f", $2 / 1024 }' "/proc/$1/status"; }

# The worker is a process of its own, and prefetches 256; its ledger and its log are files in the same folder.
bench_broker_memory() {
    need python3
    local count=${events:-1000000} admin sink idle most=0 now left
    admin=$(free_port)
    export FLOTILLA_STORE=sqlite:$folder/bench.db FLOTILLA_LOG_SINKS=file:$folder/log.jsonl FLOTILLA_PREFIX=memory.
    export FLOTILLA_ADMIN=127.0.0.1:$admin FLOTILLA_PREFETCH=256 FLOTILLA_JOURNAL=off
    "$bin/flotilla-log-sink" </dev/null >"$folder/sink.out" 2>&1 &
    sink=$!
    pids+=($sink)
    wait_for "$admin"
    sleep 5
    idle=$(resident $sink)
    kill $sink && wait $sink
    "$bin/flotilla" bench broker --publishers 512 --count "$count" --keep log.bench >"$folder/fill.out"
    "$bin/flotilla-log-sink" </dev/null >"$folder/sink.out" 2>&1 &
    sink=$!
    pids+=($sink)
    wait_for "$admin"
    for _ in $(seq "$seconds"); do
        sleep 1
        now=$(resident $sink)
        most=$(printf '%s\n' "$most" "$now" | sort -n | tail -n 1)
    done
    left=$("$bin/flotilla" queues --json | python3 -c 'import json, sys
for line in sys.stdin:
    one = json.loads(line)
    if one.get("name", one.get("queue")) == "log-sink": print(one["ready"])')
    printf '%-34s %9s MB\n' "memory of a worker, idle" "$idle" "with $count waiting, $left after $seconds s" "$most"
    at_least "megabytes below 40 of an idle worker" "$(awk -v a="$idle" 'BEGIN { print 40 - a }')" 0
    at_least "megabytes below 40 of a worker before a long queue" "$(awk -v a="$most" 'BEGIN { print 40 - a }')" 0
}

bench_park() {
    local count=${events:-1000000} place line
    for place in rabbitmq file; do
        line=$("$bin/flotilla" bench park --count "$count" --folder "$folder" --json $([ $place = file ] && echo --local))
        printf '%s, %s events parked of 1,000 connections\n' "$place" "$count"
        show "$line"
        at_least "seconds below 10 of resuming one" "$(awk -v a="$(value resume_slowest "$line")" 'BEGIN { print 10 - a }')" 0
        # Whoever looks for one does not read them all.
        [ $place = file ] || at_least "listing all beside listing one" \
            "$(awk -v all="$(value list_all "$line")" -v one="$(value list_one "$line")" 'BEGIN { print all / one }')" 4
    done
}
