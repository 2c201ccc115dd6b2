# Sockets as people use them: weir to weir, TLS, metrics.
. "$(dirname "$0")/lib.sh"

port=$((20000 + $$ % 20000))
wait_for() { # FILE TEXT
  for _ in $(seq 200); do
    grep -q "$2" "$1" 2>/dev/null && return
    sleep 0.05
  done
  printf 'FAIL nothing with %s in %s\n' "$2" "$1"
  failures=$((failures + 1))
}
cat >send.toml <<EOF
[source]
type = "datagen"
rows = 5000
schema = { id = "BIGINT" }
fields = { id = { kind = "sequence", start = 1 } }
EOF
cat >receive.toml <<EOF
[source]
until_closed = true
format = "json"
schema = { id = "BIGINT" }
[[transform]]
op = "aggregate"
aggregate = { n = "COUNT(*)", s = "SUM(id)" }
[sink]
format = "csv"
EOF
sum='n,s
5000,12502500'

# The writer waits for its reader.
"$weir" run -q send.toml -o tcp:$port &
sender=$!
try "$weir" run -q receive.toml --set "source.url='tcp:$port'"
expect "tcp, weir to weir" "$sum" "$out"
wait $sender
expect "tcp, the writer" 0 $?

"$weir" run -q send.toml -o "unix:$work/socket" &
sender=$!
try "$weir" run -q receive.toml --set "source.url='unix:$work/socket'"
expect "unix, weir to weir" "$sum" "$out"
wait $sender

# A line comes out at once, SIGTERM ends the listener, and nothing is left.
"$weir" run -v -e '' "tcp:$port" -t text >lines.txt 2>lines.err &
listener=$!
printf 'hello\n' | "$weir" run -q -e '' -i text -t text - -o tcp:$port
wait_for lines.txt hello
kill -TERM $listener
wait $listener
expect "SIGTERM" 143 $?
holds "-v counts connections" "$(cat lines.err)" "1 connections"

# Metrics while it runs.
"$weir" run -e '' "tcp:$port" --metrics $((port + 1)) >lines.txt 2>metrics.err &
listener=$!
wait_for metrics.err "metrics at port"
printf 'a\nb\n' | "$weir" run -q -e '' -i text -t text - -o tcp:$port
wait_for lines.txt b
sleep 0.3
ask() { # by whatever is there
  if command -v curl >/dev/null; then curl -s "$1"; else python3 -c "
import sys, urllib.request
sys.stdout.write(urllib.request.urlopen(sys.argv[1]).read().decode())" "$1"; fi
}
if command -v curl >/dev/null || command -v python3 >/dev/null; then
  holds "metrics" "$(ask "http://127.0.0.1:$((port + 1))/metrics")" "weir_records_in_total 2"
else
  echo "metrics were not read: no curl and no python3 here"
fi
kill -TERM $listener
wait $listener

# TLS: the right CA, none, the wrong name, a client without its certificate.
if command -v openssl >/dev/null; then
  openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost >/dev/null 2>&1
  openssl req -x509 -newkey rsa:2048 -nodes -keyout other-key.pem -out other.pem -days 2 -subj /CN=me \
    >/dev/null 2>&1
  "$weir" run -q receive.toml --set "source.url='tcp:$port'" --set source.tls_certificate=cert.pem \
    --set source.tls_key=key.pem --set source.tls_client_ca=other.pem >tls.txt 2>tls.err &
  listener=$!
  send() { "$weir" run -q send.toml -o "tcp://localhost:$port" --set sink.timeout=1s "$@" 2>err.txt; }
  # These keep the listener going: its first connection is one that never says anything.
  send --set sink.tls=true --set sink.tls_ca=other.pem
  expect "TLS, an unknown CA" 1 $?
  holds "TLS, an unknown CA" "$(cat err.txt)" "certificate"
  kill -TERM $listener 2>/dev/null
  wait $listener 2>/dev/null
  "$weir" run -q receive.toml --set "source.url='tcp:$port'" --set source.tls_certificate=cert.pem \
    --set source.tls_key=key.pem --set source.tls_client_ca=other.pem >tls.txt 2>tls.err &
  listener=$!
  "$weir" run -q send.toml -o "tcp://localhost:$port" --set sink.tls=true --set sink.tls_ca=cert.pem \
    --set sink.tls_certificate=other.pem --set sink.tls_key=other-key.pem
  expect "TLS, both sides known" 0 $?
  wait $listener
  expect "TLS, what came" "$sum" "$(cat tls.txt)"
else
  echo "TLS was not tried: no openssl here"
fi
finish
