# What goes wrong between the program and Kafka (RELIABILITY: J3 J4 J9 J10):
#   sh tests/integration/kafka_faults.sh WEIR TESTDATA
#
# Skipped, saying why, where broker.sh finds no broker, or there is no Python with librdkafka.
. "$(dirname "$0")/../manners/lib.sh"
command -v python3 >/dev/null || { echo "SKIP: no python3 here"; exit 77; }
ldconfig -p | grep -q librdkafka.so.1 || { echo "SKIP: no librdkafka.so.1 here (package librdkafka1)"; exit 77; }
. "$here/../integration/broker.sh"
. "$here/../integration/proxy.sh"
trap 'stop_broker KILL; stop_proxy; rm -rf "$work" "$base"' EXIT

ids() { seq "$2" "$3" | awk -v p="${4:-3}" '{ printf "{\"value\": \"{\\\"id\\\":%d}\", \"partition\": %d}\n", $1, $1 % p }' |
  python3 "$here/../integration/rdkafka.py" send "$brokers" "$1"; } # TOPIC FIRST LAST [PARTITIONS]
topic() { "$weir" run -q -e "
[source]
type = 'collection'
rows = []
schema = { id = 'BIGINT' }
[sink]
type = 'kafka'
brokers = '$brokers'
topic = '$1'
create = true"; }
copy() { # NAME FROM TO BROKERS: exactly once from topic to topic
  cat <<END
name = "$1"
[source]
type = "kafka"
brokers = "$4"
topic = "$2"
group = "copiers"
discover = "1s"
schema = { id = "BIGINT" }
[sink]
type = "kafka"
brokers = "$4"
topic = "$3"
create = true
timeout = "60s"
[checkpoint]
dir = "state-$1"
interval = "200ms"
END
}
counted() { # TOPIC: how many, how many different ones, their sum
  "$weir" run -q -e "
[source]
type = 'kafka'
brokers = '$brokers'
topic = '$1'
bounded = true
schema = { id = 'BIGINT' }
[[transform]]
op = 'aggregate'
aggregate = { n = 'COUNT(*)', d = 'COUNT(DISTINCT id)', s = 'SUM(id)' }
[sink]
format = 'csv'" 2>&1 | tail -n 1
}
all_of() { echo "$1,$1,$(($1 * ($1 + 1) / 2))"; }
arrives() { # WHAT TOPIC N
  for _ in $(seq 60); do [ "$(counted "$2")" = "$(all_of "$3")" ] && return; sleep 0.3; done
  expect "$1" "$(all_of "$3")" "$(counted "$2")"
}

# J4: a group in which members come and go, and partitions that are added, beside a run and between two.
topic grow
ids grow 1 300
copy grown grow grown "$brokers" >grown.toml
copy again grow again "$brokers" >again.toml
"$weir" run -q grown.toml 2>grown.err &
one=$!
"$weir" run -q again.toml 2>again.err &
two=$!
arrives "J4, before" grown 300
mkfifo leave
python3 "$here/../integration/rdkafka.py" join "$brokers" grow copiers <leave >joined.txt 2>&1 &
member=$!
exec 3>leave
for _ in $(seq 100); do grep -q assigned joined.txt && break; sleep 0.1; done
expect "J4, a member has come" assigned "$(cat joined.txt)"
ids grow 301 600
python3 "$here/../integration/rdkafka.py" partitions "$brokers" grow 5 || failures=1
sleep 1
ids grow 601 1000 5
arrives "J4, a partition is added to a run" grown 1000
exec 3>&-
wait $member
kill -TERM $one
wait $one
expect "J4, the end of a run" "0 " "$? $(cat grown.err)"
python3 "$here/../integration/rdkafka.py" partitions "$brokers" grow 6 || failures=1
sleep 1
ids grow 1001 1300 6
"$weir" run -q grown.toml 2>grown.err &
one=$!
arrives "J4, a partition is added between two runs" grown 1300
arrives "J4, another run of the same group has all of it too" again 1300
kill -TERM $one $two
wait $one
expect "J4, the next run" "0 " "$? $(cat grown.err)"
wait $two
expect "J4, the other run" "0 " "$? $(cat again.err)"

# J9: a run that stood still wakes up when another one has taken over, from a copy of its state.
topic tasks
ids tasks 1 200
copy zombie tasks done "$brokers" >zombie.toml
"$weir" run -q zombie.toml 2>zombie.err &
zombie=$!
arrives "J9, before" "done" 200
sleep 0.5
kill -STOP $zombie
cp -r state-zombie state-heir
sed 's/state-zombie/state-heir/' zombie.toml >heir.toml
ids tasks 201 400
"$weir" run -q heir.toml 2>heir.err &
heir=$!
arrives "J9, another one takes over" "done" 400
kill -CONT $zombie
ids tasks 401 500
wait $zombie
code=$?
case $code in 1 | 4) ;; *) expect "J9, the old one ends" "1 or 4" "$code" ;; esac
holds "J9, it says why" "$(cat zombie.err)" "another run"
arrives "J9, nothing lost, nothing twice" "done" 500
kill -TERM $heir
wait $heir
expect "J9, the new one went on" "0 " "$? $(cat heir.err)"

# J10: connections are cut within the commit of a transaction, and runs are killed there.
topic cuts
ids cuts 1 1000
copy cut cuts whole "$proxied" | sed 's/interval = .*/interval = "1ms"\n[runtime]\nblock_size = "1KB"/; s/^discover.*/bounded = true/' >cut.toml
start_proxy $((port + 3)) $((port + 2)) cut kafka 60 refuse 1
for i in 1 2 3 4; do
  "$weir" run -q cut.toml 2>cut.err &
  pid=$!
  before=$(grep -c cut proxy.txt)
  for _ in $(seq 100); do [ "$(grep -c cut proxy.txt)" -gt $((before + i % 2)) ] && break; sleep 0.05; done
  kill -9 $pid 2>/dev/null
  wait $pid 2>/dev/null
done
timeout 100 "$weir" run -q cut.toml 2>cut.err
expect "J10, a run whose commits are cut" "0 " "$? $(cat cut.err)"
stop_proxy
expect "J10, every message once" "$(all_of 1000)" "$(counted whole)"
echo "J10: $(grep -c cut proxy.txt) connections cut within the end of a transaction"
[ "$(grep -c cut proxy.txt)" -gt 1 ] || expect "J10, cuts" "more than 1" "$(cat proxy.txt)"

# J3: brokers that answer after a second.
start_proxy $((port + 3)) $((port + 2)) delay 1
copy slow tasks slow "$proxied" | sed 's/^discover.*/bounded = true/' >slow.toml
timeout 100 "$weir" run -q slow.toml 2>slow.err
expect "J3, slow brokers" "0 " "$? $(cat slow.err)"
stop_proxy
expect "J3, every message once" "$(all_of 500)" "$(counted slow)"
finish
