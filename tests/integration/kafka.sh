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

# METADATA columns of SQL: what stands beside the value, of messages with and without it.
if command -v python3 >/dev/null && ldconfig -p | grep -q librdkafka.so.1; then
  python3 "$here/rdkafka.py" send "$brokers" told <<'END' 2>&1 || failures=1
{"value": "{\"v\":\"a\"}", "key": "k1", "partition": 0, "timestamp": 1706695200123, "headers": [["trace", "x1"], ["empty", ""], ["none", null]]}
{"value": "{\"v\":\"b\"}", "partition": 0, "timestamp": 1706698800000}
{"value": "{\"v\":\"c\"}", "key": "", "partition": 2, "timestamp": 1706695259999, "headers": [["trace", "one"], ["trace", "two"]]}
{"value": "{\"v\":\"d\"}", "key": "line\nend \u00e4", "partition": 2, "timestamp": 1706695260000, "headers": [["ümlaut", "\ud83d\ude00"]]}
END
  cat >told.sql <<END
CREATE TABLE told (
  v STRING,
  topic STRING NOT NULL METADATA VIRTUAL,
  part INT METADATA FROM 'partition' VIRTUAL,
  \`offset\` BIGINT METADATA VIRTUAL,
  ts TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  k STRING METADATA FROM 'key' VIRTUAL,
  headers MAP<STRING, STRING> METADATA VIRTUAL,
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'told', 'brokers' = '$brokers', 'format' = 'json', 'bounded' = 'true');
END
  "$weir" sql -q -t json "$(cat told.sql) SELECT v, topic, part, \`offset\`, ts, k, headers, headers['trace'] AS trace FROM told" >out.txt 2>err.txt
  expect "METADATA" "0 " "$? $(cat err.txt)"
  expect "METADATA, rows" '{"v":"a","topic":"told","part":0,"offset":0,"ts":"2024-01-31 10:00:00.123Z","k":"k1","headers":{"trace":"x1","empty":"","none":null},"trace":"x1"}
{"v":"b","topic":"told","part":0,"offset":1,"ts":"2024-01-31 11:00:00.000Z","k":null,"headers":{},"trace":null}
{"v":"c","topic":"told","part":2,"offset":0,"ts":"2024-01-31 10:00:59.999Z","k":"","headers":{"trace":"two"},"trace":"two"}
{"v":"d","topic":"told","part":2,"offset":1,"ts":"2024-01-31 10:01:00.000Z","k":"line\nend ä","headers":{"ümlaut":"😀"},"trace":null}' "$(sort out.txt)"
  # Only some of them are read; filters and windows go by them.
  "$weir" sql -q -t csv "$(cat told.sql) SELECT CHAR_LENGTH(k) AS n, part + 1 AS p FROM told WHERE \`offset\` = 1 AND part > 0" >out.txt 2>err.txt
  expect "METADATA, filtered" "0 n,p
10,3" "$? $(cat out.txt err.txt)"
  "$weir" sql -q -t csv "$(cat told.sql) SELECT window_start, COUNT(*) AS n, MAX(v) AS v FROM TABLE(TUMBLE(TABLE told, DESCRIPTOR(ts),
    INTERVAL '1' MINUTE)) GROUP BY window_start, window_end" >out.txt 2>err.txt
  expect "METADATA, windows by the message's time" "window_start,n,v
2024-01-31 10:00:00.000,2,c
2024-01-31 10:01:00.000,1,d
2024-01-31 11:00:00.000,1,b" "$(cat out.txt err.txt)"
  # Each partition has a time of its own, and none is late because another one is read before it.
  seq 20000 | awk '{ printf "{\"value\": \"{\\\"v\\\":\\\"x\\\"}\", \"partition\": %d, \"timestamp\": %.0f}\n", $1 % 3, 1706695200000 + $1 * 1000 }' |
    python3 "$here/rdkafka.py" send "$brokers" many || failures=1
  "$weir" sql -q -t csv "$(sed "s/'topic' = 'told'/'topic' = 'many'/; s/CREATE TABLE told/CREATE TABLE many/" told.sql)
    SELECT SUM(n) AS n, COUNT(*) AS w, MIN(n) AS l, MAX(n) AS m FROM (SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE many,
    DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end)" >out.txt 2>err.txt
  expect "METADATA, windows over partitions" "n,w,l,m
20000,334,21,60" "$(tail -n 1 out.txt | cat - err.txt | sed '1i n,w,l,m')"
  # Written are the columns of the value: VIRTUAL ones are not, others are refused.
  "$weir" sql -q "$(sed "s/, 'bounded' = 'true'//" told.sql) INSERT INTO told VALUES ('e')" >out.txt 2>err.txt
  expect "METADATA, written beside VIRTUAL columns" "0 " "$? $(cat err.txt)"
  "$weir" sql -q -t csv "$(cat told.sql) SELECT v, k, ts > TO_TIMESTAMP_LTZ(1706745600000, 3) AS now FROM told WHERE v = 'e'" >out.txt 2>err.txt
  expect "METADATA, of what was written" "v,k,now
e,,TRUE" "$(cat out.txt err.txt)"
  "$weir" sql -q "$(sed "s/, 'bounded' = 'true'//; s/METADATA FROM 'timestamp' VIRTUAL/METADATA FROM 'timestamp'/" told.sql) INSERT INTO told VALUES ('f', NOW())" >out.txt 2>err.txt
  expect "METADATA that would be written" 2 $?
  holds "METADATA that would be written, told" "$(cat err.txt)" 'the METADATA column `ts` cannot be written'
else
  echo "METADATA columns were not tried: no python3 or no librdkafka.so.1 here"
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
