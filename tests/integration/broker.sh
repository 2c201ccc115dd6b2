# Sourced: starts a broker of Kafka in a temporary folder ($base) and ends it with the script. Sets $brokers, and $proxied.
#
# The broker's jars are those of $KAFKA_HOME/libs, or come from Maven Central by `mvn` into ~/.cache. Skipped, saying
# why, where there is neither, or no Java.
command -v java >/dev/null || { echo "SKIP: no java here (package default-jre-headless)"; exit 77; }
libs=${KAFKA_HOME:+$KAFKA_HOME/libs}
if [ -z "$libs" ]; then
  libs=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/weir-kafka-3.7.1
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
    # Two scripts at once fetch it once.
    (cd "$libs" && flock lock sh -c '[ -e complete ] || { timeout 60 mvn -q -B dependency:copy-dependencies \
      -DoutputDirectory=. >mvn.log 2>&1 && touch complete; }') ||
      { echo "SKIP: Kafka cannot be fetched from Maven Central: $(grep -m 1 ERROR "$libs/mvn.log" | cut -c 1-200)"; exit 77; }
  fi
fi

base=$(mktemp -d /tmp/weir-kafka-XXXXXX)
port=$((20000 + $$ % 2500 * 8)) # and the seven behind it
cat >"$base/server.properties" <<EOF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$((port + 1))
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1)),PROXIED://127.0.0.1:$((port + 2))
advertised.listeners=PLAINTEXT://127.0.0.1:$port,PROXIED://127.0.0.1:$((port + 3))
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
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
  { echo "SKIP: Kafka does not run here: $(tail -n 1 "$base/format.log")"; rm -rf "$base"; exit 77; }
broker=""
start_broker() {
  kafka kafka.Kafka "$base/server.properties" >>"$base/log" 2>&1 &
  broker=$!
}
stop_broker() { kill -"$1" "$broker" 2>/dev/null; wait "$broker" 2>/dev/null; }
trap 'stop_broker KILL; rm -rf "$work" "$base"' EXIT
start_broker
brokers=127.0.0.1:$port
proxied=127.0.0.1:$((port + 3)) # for what proxy.py lets through to port + 2

# It listens, or it is not to be had here.
listens() { grep -q ":$(printf %04X "$port") [0:]*0000 0A" /proc/net/tcp /proc/net/tcp6 2>/dev/null; }
for _ in $(seq 600); do
  if listens; then break; fi
  kill -0 "$broker" 2>/dev/null || break
  sleep 0.1
done
listens || { echo "SKIP: the broker does not start: $(grep -v '^[[:space:]]' "$base/log" | tail -n 1 | cut -c 1-300)"; exit 77; }
