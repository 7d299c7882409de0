# Sourced by scripts/bench: what it measures on PostgreSQL.

# on_postgres COMMAND...: with the database of FLOTILLA_STORE, or a server of its own.
on_postgres() {
    case ${FLOTILLA_STORE-} in
    postgres*) ;;
    *)
        # Not below the project: its folders may be closed to the server's user.
        postgres_folder=$(mktemp -d)
        chmod 755 "$postgres_folder"
        start_postgres "$postgres_folder"
        export FLOTILLA_STORE=$postgres
        ;;
    esac
    "$@"
    stop_postgres
    rm -rf "${postgres_folder-}"
}

# at_most NAME VALUE MOST: with --floor, fails when the value is more.
at_most() { at_least "$1 (inverse)" "$(ratio 1 "$2")" "$(ratio 1 "$3")"; }

bench_ledger() {
    local count=${bench_count:-60000} rows=${events:-10000000} line window with without order
    for window in 64 256; do
        line=$("$bin/flotilla" bench ledger --publishers "$window" --count "$count" --json)
        printf '%-34s %9.0f claims/s  %9.0f marks/s  one by one %6.0f claims/s  %.1f times\n' "ledger, $window at once" \
            "$(value claims_per_second "$line")" "$(value marks_per_second "$line")" "$(value single_claims_per_second "$line")" \
            "$(value ratio_claims "$line")"
        at_least "claims in batches beside one by one" "$(value ratio_claims "$line")" 8
    done
    for window in 64 256 512; do
        without=$(rate "$bin/flotilla" bench worker --publishers "$window" --count "$count" --no-ledger)
        with=$(rate "$bin/flotilla" bench worker --publishers "$window" --count "$count" --ledger)
        printf '%-34s %9s events/s  without a ledger %9s  %s\n' "worker with ledger, $window at once" "$with" "$without" \
            "$(ratio "$with" "$without")"
        at_least "worker with the ledger beside without, $window at once" "$(ratio "$with" "$without")" 0.3
    done
    # Events of 1,000 partition keys, one of each at a time.
    without=$(rate "$bin/flotilla" bench worker --publishers 256 --count "$count" --ledger)
    for order in '' --strict; do
        # shellcheck disable=SC2086
        with=$(rate "$bin/flotilla" bench worker --publishers 256 --count "$count" --ledger --keys 1000 $order)
        printf '%-34s %9s events/s  without keys %9s  %s\n' "worker, 1,000 partition keys $order" "$with" "$without" \
            "$(ratio "$with" "$without")"
    done
    line=$("$bin/flotilla" bench ledger --rate 200 --count 2000 --json)
    printf '%-34s %9.2f ms   p99 %.2f ms\n' "claim and mark, 200 events/s, p50" "$(ratio "$(value p50_us "$line")" 1000)" \
        "$(ratio "$(value p99_us "$line")" 1000)"
    at_most "claim and mark at 200 events/s, ms," "$(ratio "$(value p50_us "$line")" 1000)" 3
    line=$("$bin/flotilla" bench ledger --publishers 256 --count "$count" --rows "$rows" --json)
    printf '%-34s %9.0f claims/s  without them %9.0f  %.2f times slower\n' "claims beside $rows rows" "$(value claims_beside_rows "$line")" \
        "$(value claims_alone "$line")" "$(value times_slower "$line")"
    at_most "claims beside $rows rows, times slower," "$(value times_slower "$line")" 1.5
    printf '%-34s %9.0f marks/s   without them %9.0f  %.2f times slower\n' "marks beside $rows rows" "$(value marks_beside_rows "$line")" \
        "$(value marks_alone "$line")" "$(value times_slower_marks "$line")"
}
