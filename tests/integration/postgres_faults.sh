# What goes wrong between the postgres sink and its server (RELIABILITY: K7 K9 K12 K13 K14):
#   sh tests/integration/postgres_faults.sh WEIR TESTDATA
#
# Skipped, saying why, where server.sh finds none, or there is no Python for the proxy.
. "$(dirname "$0")/../manners/lib.sh"
command -v python3 >/dev/null || { echo "SKIP: no python3 for the proxy between program and server"; exit 77; }
. "$here/../integration/server.sh"
. "$here/../integration/proxy.sh"

mkdir near
near="host=$work/near user=weir dbname=postgres"
between() { start_proxy "$work/near/.s.PGSQL.5432" "$base/.s.PGSQL.5432" "$@"; } # WORDS OF proxy.py
sums() { sql "SELECT count(*), count(DISTINCT n), sum(n) FROM $1"; }
all_of() { echo "$1|$1|$(($1 * ($1 + 1) / 2))"; }

rows=20000
seq "$rows" | sed 's/.*/{"n":&}/' >numbers.json
# pipeline NAME URL TABLE, and further lines of the sink on stdin
pipeline() {
  cat <<END
name = "$1"
[source]
path = "numbers.json"
schema = { n = "BIGINT" }
[sink]
type = "postgres"
url = "$2"
table = "$3"
create = true
$(cat)
[checkpoint]
dir = "state-$1"
interval = "1ms"
[runtime]
block_size = "1KB"
END
}

# K7: connections are cut within COMMIT: before the server gets it, at once behind it, before its answer comes.
cut_runs() { # ROWS REFUSED: so many connections are refused behind each cut
  between cut postgres 60 refuse "$2"
  echo 'timeout = "20s"' | pipeline "cut-$2" "$near" "cut_$1" | sed 's/numbers.json/few.json/' >cut.toml
  head -n "$1" numbers.json >few.json
  try timeout 100 "$weir" run -q cut.toml
  expect "K7, connections are cut, $2 refused" "0 " "$code $err"
  expect "K7, each row once, $2 refused" "$(all_of "$1")" "$(sums "cut_$1")"
  for how in before 'at once' behind; do holds "K7, cuts, $2 refused" "$(cat proxy.txt)" "cut $how"; done
  echo "K7: $(grep -c cut proxy.txt) connections cut within COMMIT, $2 refused"
  stop_proxy
}
cut_runs 13000 0
cut_runs 4000 1
cut_runs 2000 3

# K9: a deadlock whose victim the run is.
sql 'CREATE TABLE dead (n bigint PRIMARY KEY, v text); INSERT INTO dead VALUES (1), (2)' >/dev/null
printf '{"n":1,"v":"a"}\n{"n":2,"v":"b"}\n' >dead.json
cat >dead.toml <<END
name = "dead"
[source]
path = "dead.json"
schema = { n = "BIGINT", v = "STRING" }
[sink]
type = "postgres"
url = "$url"
table = "dead"
mode = "upsert"
key = "n"
timeout = "20s"
[checkpoint]
dir = "state-dead"
END
sql "SET deadlock_timeout = '60s';
DO \$\$ BEGIN
  UPDATE dead SET v = 'other' WHERE n = 2;
  FOR i IN 1..500 LOOP
    EXIT WHEN EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted);
    PERFORM pg_sleep(0.02);
  END LOOP;
  UPDATE dead SET v = 'other' WHERE n = 1;
END \$\$" >other.txt 2>&1 &
other=$!
sleep 0.5
try timeout 60 "$weir" run -q dead.toml
wait $other
expect "K9, the other one of a deadlock" "SET
DO" "$(cat other.txt)"
expect "K9, a deadlock is tried again" "0 " "$code $err"
expect "K9, after a deadlock" "1|a
2|b" "$(sql 'SELECT * FROM dead ORDER BY n')"
holds "K9, there was one" "$(grep ERROR "$base/log")" 'deadlock detected'

# K9: statements that take too long: once, which is tried again, and for ever, which is told in time.
hold_table() { # TABLE SECONDS
  sql "BEGIN; LOCK TABLE $1; SELECT pg_sleep($2)" >/dev/null &
  holder=$!
  for _ in $(seq 100); do
    [ "$(sql "SELECT count(*) FROM pg_locks WHERE granted AND mode = 'AccessExclusiveLock' AND relation = '$1'::regclass")" = 1 ] && break
    sleep 0.05
  done
}
sql 'CREATE TABLE slow (n bigint)' >/dev/null
echo 'timeout = "2s"' | pipeline slow "$url" slow >slow.toml
hold_table slow 3
try timeout 60 "$weir" run -q slow.toml
wait $holder
expect "K9, a statement that took too long is tried again" "0 " "$code $err"
expect "K9, after it each row once" "$(all_of $rows)" "$(sums slow)"
holds "K9, it was cancelled" "$(cat "$base/log")" 'canceling statement due to statement timeout'
sql 'TRUNCATE slow' >/dev/null
rm -rf state-slow
hold_table slow 8
before=$(date +%s)
try timeout 60 "$weir" run -q --fresh slow.toml --set 'sink.timeout="1s"'
took=$(($(date +%s) - before))
expect "K9, one that takes for ever" 1 "$code"
holds "K9, it is told" "$err" "statement timeout"
[ "$took" -lt 7 ] || expect "K9, in time" "some seconds" "$took"
wait $holder
expect "K9, nothing of it is there" "$(all_of 0)" "$(sql 'SELECT count(*), count(DISTINCT n), coalesce(sum(n), 0) FROM slow')"
try timeout 60 "$weir" run -q slow.toml
expect "K9, the next run goes on" "0 $(all_of $rows)" "$code $(sums slow)"

# K9, K12: two pipelines into one table at the same time, serializable, both killed now and then.
for one in left right; do
  echo 'timeout = "20s"' | pipeline $one "$url options='-c default_transaction_isolation=serializable'" shared >$one.toml
done
kills=0
for i in $(seq 6); do
  "$weir" run -q left.toml 2>left.txt &
  left=$!
  "$weir" run -q right.toml 2>right.txt &
  right=$!
  sleep "0.$((i * 3 % 10))"
  kill -9 $left 2>/dev/null && kills=$((kills + 1))
  sleep 0.1
  kill -9 $right 2>/dev/null && kills=$((kills + 1))
  wait $left $right 2>/dev/null
done
"$weir" run -q left.toml 2>left.txt &
left=$!
"$weir" run -q right.toml 2>right.txt
expect "K12, the right one" "0 " "$? $(cat right.txt)"
wait $left
expect "K12, the left one" "0 " "$? $(cat left.txt)"
expect "K12, each row of both once" "$((2 * rows))|$rows|$((rows * (rows + 1)))" "$(sums shared)"
expect "K12, each has its own checkpoints" 2 \
  "$(sql "SELECT count(*) FROM weir_checkpoints WHERE sink LIKE 'left/%' OR sink LIKE 'right/%'")"
[ "$kills" -gt 1 ] || expect "K12, runs that could be killed" "more than 1" "$kills"

# K13: many rows with many columns in one statement, and values that are too large: those alone are set aside.
awk 'BEGIN { for (i = 1; i <= 30000; ++i) printf "{\"a\":%d,\"b\":%d,\"c\":%d,\"d\":%d}\n", i, i, i, i }' >wide.json
cat >wide.toml <<END
[source]
path = "wide.json"
schema = { a = "BIGINT", b = "BIGINT", c = "BIGINT", d = "BIGINT" }
[sink]
type = "postgres"
url = "$url"
table = "wide"
mode = "upsert"
key = "a"
batch_rows = 30000
create = true
END
try "$weir" run -q wide.toml
expect "K13, 120,000 values" "0 30000|450015000" "$code $(sql 'SELECT count(*), sum(d) FROM wide')"
python3 - >giant.json <<'END'
import json, random
random.seed(1)
noise = "".join(random.choice("abcdefghijklmnopqrstuvwxyzABCDEF0123456789") for _ in range(20000))
print(json.dumps({"k": "small", "v": "x"}))
print(json.dumps({"k": noise, "v": "the key is too large for an index"}))
print(json.dumps({"k": "large", "v": "\\" * 20000000}))
END
for mode in append upsert; do
  [ $mode = append ] && sql 'CREATE TABLE giant_append (k text PRIMARY KEY, v text)' >/dev/null
  cat >giant.toml <<END
[source]
path = "giant.json"
schema = { k = "STRING", v = "STRING" }
[sink]
type = "postgres"
url = "$url"
table = "giant_$mode"
mode = "$mode"
$([ $mode = upsert ] && echo 'key = "k"')
create = true
timeout = "20s"
END
  try timeout 60 "$weir" run -q giant.toml --on-error fail
  expect "K13, a value that is too large, $mode" 3 "$code"
  rm -f bad.json
  try timeout 60 "$weir" run -q giant.toml --dead-letter bad.json
  expect "K13, set aside, $mode" "0 " "$code $err"
  expect "K13, the others, $mode" "large|20000000
small|1" "$(sql "SELECT k, length(v) FROM giant_$mode ORDER BY k")"
  holds "K13, why, $mode" "$(cut -c 1-3000 bad.json; tail -c 300 bad.json)" "index row"
  expect "K13, one alone, $mode" 1 "$(wc -l <bad.json)"
done

# K14: a database that takes its time: checkpoints come early when much waits, and nothing is lost.
between delay 0.1
echo 'stage_max = "20KB"
timeout = "20s"' | pipeline patient "$near" patient | sed 's/interval = .*/interval = "1h"/' >patient.toml
try timeout 100 "$weir" run -q patient.toml
expect "K14, a slow database" "0 " "$code $err"
expect "K14, each row once" "$(all_of $rows)" "$(sums patient)"
epochs=$(sql "SELECT checkpoint FROM weir_checkpoints WHERE sink LIKE 'patient/%'")
[ "$epochs" -gt 4 ] || expect "K14, checkpoints made early" "more than 4" "$epochs"
stop_proxy
finish
