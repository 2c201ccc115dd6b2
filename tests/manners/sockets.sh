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

  # I7: garbage, a handshake that never ends, plain text where TLS is spoken, TLS where it is not. A good client is served.
  "$weir" run -q receive.toml --set "source.url='tcp:$port'" --set source.tls_certificate=cert.pem \
    --set source.tls_key=key.pem >tls.txt 2>tls.err &
  listener=$!
  if command -v python3 >/dev/null; then python3 - $port <<'EOF'
import os, socket, sys, time
def connect():
    for _ in range(100):
        try:
            return socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        except OSError:
            time.sleep(0.05)
held = connect()  # keeps until_closed from ending the run
held.sendall(b"\x16\x03\x01\x02\x00")  # a handshake's first bytes, and nothing more
for i in range(300):
    c = connect()
    kind = i % 4
    c.sendall([os.urandom(400), b'{"id":1}\n' * 10, b"\x16\x03\x01\xff\xff" + os.urandom(600),
               b"\x80\x00" * 50][kind])
    if kind == 0:
        c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    c.close()
open("garbage.done", "w").close()
time.sleep(2)
EOF
  fi &
  for _ in $(seq 200); do [ -e garbage.done ] && break; sleep 0.05; done
  "$weir" run -q send.toml -o "tcp://localhost:$port" --set sink.tls=true --set sink.tls_ca=cert.pem
  expect "I7, a good client beside garbage" 0 $?
  wait $listener
  expect "I7, what came is the good client's" "$sum" "$(cat tls.txt)"
  if command -v python3 >/dev/null; then
    "$weir" run -v "tcp:$port" -i json -t json --on-error skip -e 'source.schema = { id = "BIGINT" }' >plain.txt 2>plain.err &
    listener=$!
    sleep 0.3
    python3 -c "
import socket, ssl
s = socket.create_connection(('127.0.0.1', $port)); s.settimeout(2)
try: ssl._create_unverified_context().wrap_socket(s)
except OSError: pass"
    printf '{"id":7}\n' | "$weir" run -q -e 'source.schema = { id = "BIGINT" }' -i json -t json - -o tcp:$port
    wait_for plain.txt 7
    kill -TERM $listener
    wait $listener
    expect "I7, TLS on a plain port does no harm" '{"id":7}' "$(cat plain.txt)"
  fi
else
  echo "TLS was not tried: no openssl here"
fi
# I13: connections that are killed from outside: the reader stays, the writer connects again.
"$weir" run -q -t json -e "[source]
url = 'tcp:$port'
format = 'json'
schema = { id = 'BIGINT' }" >killed.txt 2>killed.err &
reader=$!
"$weir" run -q send.toml --set source.rows=3000 --set source.rows_per_second=1000 -o tcp:$port 2>writer.err &
writer=$!
wait_for killed.txt '"id":100}'
kills=0
for i in 1 2 3 4 5; do
  ss -K dst 127.0.0.1 dport = :$port 2>/dev/null | grep -q ":$port" && kills=$((kills + 1))
  sleep 0.3
done
if [ "$kills" = 0 ]; then
  echo "I13 was not tried: ss -K kills nothing here"
  kill $writer
else
  wait $writer
  expect "I13, the writer" "0 " "$? $(cat writer.err)"
  wait_for killed.txt '"id":3000}'
fi
kill -TERM $reader
wait $reader
expect "I13, the reader" 143 $?
expect "I13, whole rows alone" "" "$(grep -v '^{"id":[0-9]*}$' killed.txt)"

finish
