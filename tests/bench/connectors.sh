# How fast connectors are, beside what people would use instead:  sh tests/bench/connectors.sh WEIR [tcp] [follow] [kafka] [postgres]
#
#   tcp       lines over 8 connections, filtered; the sender has the same cores     at least 1 GB a minute
#   follow    a line appended to a followed file until it is written                median below 20 ms
#   kafka     a filter over a topic, against kcat -C >/dev/null                     at most 1.2 times its time
#   postgres  rows appended to a table, against psql's \copy of the same rows       at most 1.3 times its time
#
# Prints a figure a task, or SKIP and why. A figure beyond its bound makes the exit code 1. For a release build on a
# machine that does nothing else.
here=$(cd "$(dirname "$0")" && pwd)
weir=$(realpath "$1")
shift
tasks=${*:-tcp follow kafka postgres}
missed=0
# report WHAT VALUE UNIT BOUND at-least|at-most
report() {
  if awk "BEGIN { exit !($2 $([ "$5" = at-least ] && echo '>=' || echo '<=') $4) }"; then verdict=kept; else
    verdict=MISSED
    missed=1
  fi
  printf '%s: %s %s (%s %s: %s)\n' "$1" "$2" "$3" "$5" "$4" "$verdict"
}
now() { date +%s.%N; }
minus() { awk "BEGIN { printf \"%.3f\", $1 - $2 }"; }
# The best of three runs of a command, in seconds.
best() {
  least=""
  for _ in 1 2 3; do
    before=$(now)
    "$@" >/dev/null || { echo "failed: $*" >&2; exit 1; }
    took=$(minus "$(now)" "$before")
    if [ -z "$least" ] || awk "BEGIN { exit !($took < $least) }"; then least=$took; fi
  done
  echo "$least"
}
over() { awk "BEGIN { printf \"%.2f\", $1 / $2 }"; }

bench_tcp() { (
  command -v python3 >/dev/null || { echo "tcp: SKIP, no python3"; exit 0; }
  work=$(mktemp -d /tmp/weir-bench-XXXXXX)
  trap 'rm -rf "$work"' EXIT
  cat >"$work/job.toml" <<EOF
[source]
type = "tcp"
url = "tcp:$((20000 + $$ % 20000))"
until_closed = true
format = "json"
schema = { id = "BIGINT", status = "INT", path = "STRING" }
[[transform]]
op = "filter"
where = "status >= 500 AND path LIKE '/api%'"
[sink]
type = "blackhole"
EOF
  figure=$(python3 "$here/send_lines.py" "$weir" "$work/job.toml" $((20000 + $$ % 20000))) || exit 1
  report "tcp, 8 connections" "$figure" "GB a minute" 1 at-least
  exit "$missed"
) || missed=1; }

bench_follow() { (
  command -v python3 >/dev/null || { echo "follow: SKIP, no python3"; exit 0; }
  figure=$(python3 "$here/follow_latency.py" "$weir") || exit 1
  report "follow, line in to line out, median" "$figure" ms 20 at-most
  exit "$missed"
) || missed=1; }

bench_kafka() { (
  command -v kcat >/dev/null || { echo "kafka: SKIP, no kcat (package kcat)"; exit 0; }
  work=$(mktemp -d /tmp/weir-bench-XXXXXX)
  cd "$work" || exit 1
  . "$here/../integration/broker.sh"
  rows=2000000
  "$weir" run -q -e "
[source]
type = 'datagen'
rows = $rows
schema = { id = 'BIGINT', status = 'INT', path = 'STRING', agent = 'STRING' }
[source.fields]
id = { kind = 'sequence', start = 1 }
status = { min = 200, max = 599 }
path = { length = 40 }
agent = { length = 60 }
[sink]
type = 'kafka'
brokers = '$brokers'
topic = 'hits'
create = true" || exit 1
  cat >job.toml <<EOF
[source]
type = "kafka"
brokers = "$brokers"
topic = "hits"
bounded = true
schema = { id = "BIGINT", status = "INT", path = "STRING" }
[[transform]]
op = "filter"
where = "status >= 500"
[sink]
type = "blackhole"
EOF
  kcat_time=$(best kcat -C -q -b "$brokers" -t hits -o beginning -e)
  weir_time=$(best "$weir" run -q job.toml)
  echo "kafka, $rows messages: weir $weir_time s, kcat $kcat_time s"
  report "kafka, filter against kcat" "$(over "$weir_time" "$kcat_time")" "times its time" 1.2 at-most
  exit "$missed"
) || [ $? = 77 ] || missed=1; }

bench_postgres() { (
  command -v psql >/dev/null || { echo "postgres: SKIP, no psql (package postgresql-client)"; exit 0; }
  work=$(mktemp -d /tmp/weir-bench-XXXXXX)
  cd "$work" || exit 1
  . "$here/../integration/server.sh"
  rows=1000000
  "$weir" run -q -t csv -o rows.csv -e "
[source]
type = 'datagen'
rows = $rows
schema = { id = 'BIGINT', status = 'INT', path = 'STRING', seconds = 'DOUBLE' }
[source.fields]
id = { kind = 'sequence', start = 1 }
status = { min = 200, max = 599 }
path = { length = 40 }" || exit 1
  sql 'CREATE TABLE hits (id bigint, status int, path text, seconds double precision)' >/dev/null
  copy() {
    sql 'TRUNCATE hits' >/dev/null
    psql -q -h "$base" -U weir -d postgres -c "\\copy hits FROM 'rows.csv' WITH (FORMAT csv, HEADER)"
  }
  cat >job.toml <<EOF
[source]
path = "rows.csv"
format = "csv"
schema = { id = "BIGINT", status = "INT", path = "STRING", seconds = "DOUBLE" }
[sink]
type = "postgres"
url = "$url"
table = "hits"
EOF
  append() {
    sql 'TRUNCATE hits' >/dev/null
    "$weir" run -q job.toml
  }
  copy_time=$(best copy)
  weir_time=$(best append)
  [ "$(sql 'SELECT count(*) FROM hits')" = "$rows" ] || { echo "postgres: not every row came"; exit 1; }
  echo "postgres, $rows rows: weir $weir_time s, psql $copy_time s"
  report "postgres, append against the copy of psql" "$(over "$weir_time" "$copy_time")" "times its time" 1.3 at-most
  exit "$missed"
) || [ $? = 77 ] || missed=1; }

for task in $tasks; do "bench_$task"; done
exit "$missed"
