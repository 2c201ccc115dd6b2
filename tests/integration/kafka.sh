# The kafka source and sink against a real broker:  sh tests/integration/kafka.sh WEIR TESTDATA
#
# The broker's jars are those of $KAFKA_HOME/libs, or come from Maven Central by `mvn` into ~/.cache. Skipped, saying
# why, where there is neither, or no Java. (librdkafka's own mock cluster, which the unit tests use, ignores transactions.)
. "$(dirname "$0")/../manners/lib.sh"

command -v java >/dev/null || { echo "SKIP: no java here (package default-jre-headless)"; exit 77; }
libs=${KAFKA_HOME:+$KAFKA_HOME/libs}
if [ -z "$libs" ]; then
  libs=${XDG_CACHE_HOME:-$HOME/.cache}/weir-kafka-3.7.1
  if [ ! -e "$libs/complete" ]; then
    command -v mvn >/dev/null || { echo "SKIP: no KAFKA_HOME, and no mvn to fetch Kafka (package maven)"; exit 77; }
    mkdir -p "$libs"
    cat >"$libs/pom.xml" <<'EOF'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>weir</groupId><artifactId>broker</artifactId><version>1</version>
<dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>3.7.1</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
</dependencies></project>
EOF
    (cd "$libs" && mvn -q -B dependency:copy-dependencies -DoutputDirectory=. >mvn.log 2>&1) ||
      { echo "SKIP: Kafka cannot be fetched from Maven Central"; exit 77; }
    touch "$libs/complete"
  fi
fi

base=$(mktemp -d /tmp/weir-kafka-XXXXXX)
port=$((20000 + $$ % 20000))
cat >"$base/server.properties" <<EOF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$((port + 1))
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1))
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
log.dirs=$base/data
num.partitions=3
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
offsets.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
EOF
kafka() { java -Xmx384m -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp "$libs/*" "$@"; }
kafka kafka.tools.StorageTool format -t AAAAAAAAAAAAAAAAAAAAAA -c "$base/server.properties" >"$base/format.log" 2>&1 ||
  { cat "$base/format.log"; exit 1; }
broker=""
start_broker() {
  kafka kafka.Kafka "$base/server.properties" >>"$base/log" 2>&1 &
  broker=$!
}
stop_broker() { kill -"$1" "$broker" 2>/dev/null; wait "$broker" 2>/dev/null; }
trap 'stop_broker KILL; rm -rf "$work" "$base"' EXIT
start_broker
brokers=127.0.0.1:$port
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

finish
