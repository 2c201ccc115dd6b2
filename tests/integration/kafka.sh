# The kafka source and sink against a real broker:  sh tests/integration/kafka.sh WEIR TESTDATA
#
# Skipped, saying why, where broker.sh finds none. (librdkafka's own mock cluster, which the unit tests use, ignores
# transactions.)
. "$(dirname "$0")/../manners/lib.sh"
. "$here/../integration/broker.sh"

run() { "$weir" run -q "$@" >out.txt 2>err.txt; }

cat >send.toml <<EOF
[source]
type = "datagen"
rows = 1000
schema = { id = "BIGINT", v = "STRING" }
fields = { id = { kind = "sequence", start = 1 } }
[sink]
type = "kafka"
brokers = "$brokers"
topic = "numbers"
key = "id"
create = true
EOF
cat >read.toml <<EOF
[source]
type = "kafka"
brokers = "$brokers"
topic = "numbers"
bounded = true
schema = { id = "BIGINT" }
[[transform]]
op = "aggregate"
aggregate = { n = "COUNT(*)", d = "COUNT(DISTINCT id)", s = "SUM(id)" }
[sink]
format = "csv"
EOF
# The first run waits for the broker.
run send.toml
expect "send" 0 $?
run read.toml
expect "read what was sent" "n,d,s
1000,1000,500500" "$(cat out.txt)"

# Tombstones of an upsert; keys as they are.
run -e "
[source]
type = 'collection'
rows = [['a', 1], ['b', 2], ['a', 3]]
schema = { k = 'STRING', n = 'INT' }
[sink]
type = 'kafka'
brokers = '$brokers'
topic = 'newest'
mode = 'upsert'
key = 'k'
create = true"
expect "upsert" 0 $?
run -e "
[source]
type = 'kafka'
brokers = '$brokers'
topic = '^new.*'
bounded = true
columns = ['key']
schema = { k = 'STRING', n = 'INT' }
[[transform]]
op = 'sort'
by = 'n'
[sink]
format = 'csv'"
expect "keys" "k,n,key
a,1,a
b,2,b
a,3,a" "$(cat out.txt)"

# J8: exactly once from topic to topic, through kills of the run and of the broker.
cat >once.toml <<EOF
name = "once"
[source]
type = "kafka"
brokers = "$brokers"
topic = "numbers"
bounded = true
schema = { id = "BIGINT" }
[sink]
type = "kafka"
brokers = "$brokers"
topic = "copies"
create = true
[checkpoint]
dir = "state"
interval = "1ms"
[runtime]
block_size = "1KB"
EOF
kills=0
for i in $(seq 10); do
  "$weir" run -q once.toml >out.txt 2>err.txt &
  pid=$!
  sleep "$((i % 3)).$((i * 3 % 10))"
  if [ "$i" = 5 ]; then
    stop_broker KILL
    start_broker
  fi
  kill -9 "$pid" 2>/dev/null && kills=$((kills + 1))
  wait "$pid" 2>/dev/null
done
run once.toml
expect "the last run" 0 $?
[ "$(cat err.txt)" = "" ] || cat err.txt
run read.toml --set 'source.topic="copies"'
expect "J8, every message once" "n,d,s
1000,1000,500500" "$(cat out.txt)"
run once.toml
run read.toml --set 'source.topic="copies"'
expect "A11, nothing new" "n,d,s
1000,1000,500500" "$(cat out.txt)"
[ "$kills" -gt 3 ] || expect "runs that could be killed" "more than 3" "$kills"

# M9: the folder is lost, the marker is not.
rm -rf state
run once.toml
expect "M9" 4 $?
run once.toml --fresh
expect "M9, started over" 0 $?
run read.toml --set 'source.topic="copies"'
expect "M9, all rows again" "n,d,s
2000,1000,1001000" "$(cat out.txt)"

# J7: read_committed sees nothing of transactions that were aborted or are open, and does not wait for an open one.
if command -v python3 >/dev/null && ldconfig -p | grep -q librdkafka.so.1; then
  mkfifo hold
  python3 "$here/transactions.py" "$brokers" transacted <hold >steps.txt 2>&1 &
  writer=$!
  exec 3>hold
  for _ in $(seq 300); do grep -q open steps.txt && break; sleep 0.1; done
  holds "J7, the transactions" "$(cat steps.txt)" open
  cat >committed.toml <<EOF
[source]
type = "kafka"
brokers = "$brokers"
topic = "transacted"
bounded = true
schema = { id = "BIGINT" }
[[transform]]
op = "aggregate"
aggregate = { n = "COUNT(*)", d = "COUNT(DISTINCT id)", s = "SUM(id)" }
[sink]
format = "csv"
EOF
  before=$(date +%s)
  timeout 60 "$weir" run -q committed.toml >out.txt 2>err.txt
  expect "J7, beside an open transaction" 0 $?
  expect "J7, only what was committed" "n,d,s
200,200,30100" "$(cat out.txt)"
  [ $(($(date +%s) - before)) -lt 20 ] || expect "J7, no stall" "20 s" "more"
  exec 3>&-
  wait $writer
  run committed.toml
  expect "J7, after it was aborted" "n,d,s
200,200,30100" "$(cat out.txt)"
else
  echo "J7 was not tried: no python3 or no librdkafka.so.1 here"
fi

# MessagePack as messages: each is one, whatever bytes are in it.
run -e "
[source]
type = 'collection'
rows = [[10, 'a'], [13, \"b\\nc\"]]
schema = { id = 'BIGINT', v = 'STRING' }
[sink]
type = 'kafka'
brokers = '$brokers'
topic = 'packed'
format = 'msgpack'
create = true"
expect "MessagePack, sent" "0 " "$? $(cat err.txt)"
run -e "
[source]
type = 'kafka'
brokers = '$brokers'
topic = 'packed'
bounded = true
format = 'msgpack'
schema = { id = 'BIGINT', v = 'STRING' }
[[transform]]
op = 'sort'
by = 'id'
[sink]
format = 'json'"
expect "MessagePack, read" '{"id":10,"v":"a"}
{"id":13,"v":"b\nc"}' "$(cat out.txt)"

finish
