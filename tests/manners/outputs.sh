# Outputs and state while others look at them, or can (RELIABILITY: L9 L10 L11).
. "$(dirname "$0")/lib.sh"

# L9: a reader of finished parts sees no row that is not there in the end, through kills.
seq 60000 | sed 's/.*/{"n":&}/' >numbers.json
cat >parts.toml <<'EOT'
[source]
path = "numbers.json"
schema = { n = "BIGINT" }
[[transform]]
op = "extend"
columns = { p = "n % 3" }
[sink]
path = "parts/{p}.json"
roll = { count = 500 }
[checkpoint]
dir = "state"
interval = "1ms"
[runtime]
block_size = "4KB"
EOT
mkdir parts
: >seen.txt
(while [ ! -e done ]; do cat parts/*.json >>seen.txt 2>/dev/null; done) &
reader=$!
kills=0
for i in $(seq 15); do
  "$weir" run -q parts.toml 2>err.txt &
  pid=$!
  sleep "0.0$((1 + i * 7 % 9))"
  kill -9 $pid 2>/dev/null && kills=$((kills + 1))
  wait $pid 2>/dev/null
done
try "$weir" run -q parts.toml
expect "L9, the last run" "0 " "$code $err"
touch done
wait $reader
cat parts/*.json | sort >all.txt
expect "L9, each row once" "60000 60000" "$(wc -l <all.txt) $(sort -u all.txt | wc -l)"
sort -u seen.txt | comm -23 - all.txt >gone.txt
expect "L9, rows that a reader saw and that are gone" "" "$(head -n 3 gone.txt)"
[ -s seen.txt ] || expect "L9, the reader" "some rows" "none"
[ "$kills" -gt 2 ] || expect "L9, runs that could be killed" "more than 2" "$kills"

# With checkpoints rows reach a database by them: the last ones too, when nothing comes behind them.
printf '{"n":1}\n' >quiet.json
cat >quiet.toml <<'EOT'
[source]
path = "quiet.json"
follow = true
[sink]
path = "sqlite:quiet.db"
table = "t"
create = true
[checkpoint]
dir = "quiet-state"
interval = "300ms"
EOT
timeout 60 "$weir" run -q quiet.toml >out.txt 2>err.txt &
pid=$!
in_table() { "$weir" run -q -t csv -e '[source]
path = "sqlite:quiet.db"
query = "SELECT count(*) AS n FROM t"' 2>/dev/null | tail -n 1; }
for n in 1 2 3; do
  for _ in $(seq 60); do [ "$(in_table)" = $n ] && break; sleep 0.1; done
  expect "rows of a quiet stream" $n "$(in_table)"
  printf '{"n":%d}\n' $((n + 1)) >>quiet.json
  sleep 0.1 # less than the interval: this one must be waited for
done
kill -TERM $pid
wait $pid

# L10: the folder of the output is removed during the run: an error, with a file of any kind.
printf '{"a":1}\n' >in.json
for sink in 'path = "out/x.json"' 'path = "out/x.json"
append = true' 'path = "out/x-{a}.json"'; do
  mkdir out
  { cat in.json; sleep 0.5; rm -rf out; cat in.json; } | {
    try "$weir" run -q -i json -e "[sink]
$sink" -
    expect "L10, without its folder, $sink" 1 "$code"
    holds "L10, it is told, $sink" "$err" "out/"
    exit "$failures"
  } || failures=$((failures + 1))
done

# With checkpoints: rows that went into a file without a name are not counted as written.
mkdir out
cat >follow.toml <<'EOT'
[source]
path = "in.json"
follow = true
[sink]
path = "out/o.json"
append = true
[checkpoint]
dir = "follow-state"
interval = "50ms"
EOT
timeout 30 "$weir" run -q follow.toml >out.txt 2>err.txt &
pid=$!
for _ in $(seq 100); do [ -s out/o.json ] && [ -n "$(ls follow-state/ckpt-* 2>/dev/null)" ] && break; sleep 0.05; done
rm -rf out
printf '{"a":2}\n' >>in.json
wait $pid
expect "L10, with checkpoints" 1 $?
holds "L10, with checkpoints, it is told" "$(cat err.txt)" "the output out/o.json was removed while it was written"
# Whether the last checkpoint is from before or behind the first row: the file is cut back to what it knows.
mkdir out
cp in.json out/o.json
sed -i '$d' out/o.json
sed -i '/follow = true/d' follow.toml
try "$weir" run -q follow.toml
expect "L10, the next run goes on" "0 " "$code $err"
expect "L10, with the row that was not written" "$(cat in.json)" "$(cat out/o.json)"

# L11: a state that others can change is told.
cat >plain.toml <<'EOT'
[source]
path = "in.json"
[sink]
path = "plain.json"
append = true
[checkpoint]
dir = "shared/state"
EOT
mkdir -p shared/state
chmod 700 shared/state
try "$weir" run plain.toml
case $err in *"every user"*) expect "L11, a folder of one's own" "no warning" "$err" ;; esac
chmod 777 shared/state
try "$weir" run plain.toml
holds "L11, a folder that all can write" "$err" "warning: every user can change the checkpoint folder shared/state"
chmod 700 shared/state
chmod 777 shared
try "$weir" run plain.toml
holds "L11, one that can be swapped" "$err" "warning: every user can put another folder in the place of shared/state"
chmod 1777 shared
try "$weir" run plain.toml
case $err in *"every user"*) expect "L11, in a folder such as /tmp" "no warning" "$err" ;; esac
if [ "$(id -u)" = 0 ]; then
  chown 65534 shared/state
  try "$weir" run plain.toml
  holds "L11, another user's" "$err" "warning: the checkpoint folder shared/state belongs to another user"
fi
finish
