. "$(dirname "$0")/lib.sh"

if [ -n "${WEIR_SANITIZED:-}" ]; then
  echo "skipped: a sanitizer takes more memory than there is here"
  exit 0
fi

# More keys than memory: what does not fit goes to the disk, and the result is the same.
mkdir disk
export TMPDIR="$work/disk"
awk 'BEGIN { print "k,t,n"
  for (i = 0; i < 60000; i++) printf "key-%0600d,%d,%d\n", (i * 7919) % 45000, i / 150, i % 100 }' >in.csv
cat >source.toml <<'END'
[source]
path = "in.csv"
format = "csv"
[source.schema]
k = "STRING"
t = "BIGINT"
n = "BIGINT"
[source.event_time]
column = "t"
format = "epoch_s"
[sink]
path = "out.csv"
overwrite = true
END
# same NAME MEMORY STEPS [ARGS...]: with much memory and with little.
same() {
  name=$1
  small="--set runtime.memory_limit=$2"
  steps=$3
  shift 3
  try "$weir" run -q source.toml -e "$steps" "$@"
  expect "$name, in memory" "0 " "$code $err"
  mv out.csv reference.csv
  # shellcheck disable=SC2086
  TMPDIR=/nowhere try "$weir" run -q source.toml -e "$steps" $small "$@"
  expect "$name: exit code where there is no disk for it" 1 "$code"
  holds "$name: what is said then" "$err" "cannot make a folder for state"
  # shellcheck disable=SC2086
  try "$weir" run -q source.toml -e "$steps" $small "$@"
  expect "$name, with little memory" "0 " "$code $err"
  cmp -s out.csv reference.csv || expect "$name: the result with little memory" same another
  expect "$name: nothing is left on the disk" "" "$(ls disk)"
}
same aggregate 130MB 'transform = [{ op = "aggregate", key_by = ["k"], aggregate = { n = "COUNT(*)", s = "SUM(n)", l = "LISTAGG(CAST(n AS STRING))" } }]'
same "aggregate by arrival" 125MB 'transform = [{ op = "aggregate", order = "arrival", key_by = ["k"], aggregate = { n = "COUNT(*)", l = "LISTAGG(CAST(n AS STRING))" } }]' -p 1
same reduce 75MB 'transform = [{ op = "reduce", key_by = ["k"], reduce = { n = "a.n + b.n", t = "b.t" } }]'
same "reduce in rounds" 75MB 'transform = [{ op = "reduce", emit = "final", key_by = ["k"], reduce = { n = "a.n * 3 + b.n" } }]'
process='[[transform]]
op = "process"
key_by = ["k"]
[transform.state.count]
type = "BIGINT"
default = "0"
[transform.state.last]
kind = "list"
type = "BIGINT"
limit = 2
[[transform.rules]]
set = { count = "count + 1" }
append = { last = "n" }
timer = { quiet = { after = "250s" } }
emit = { k = "k", count = "count", last = "CAST(last AS STRING)", what = "'"'row'"'" }
[transform.on_timer.quiet]
emit = { k = "k", count = "count", last = "CAST(last AS STRING)", what = "'"'quiet'"'" }
clear = ["last"]'
same process 90MB "$process"

# Where state must not go to the disk, the run ends, with a checkpoint.
try "$weir" run -q source.toml -e "$process" --checkpoint full --set runtime.spill=false --set runtime.memory_limit=30MB
expect "exit code beyond the memory" 6 "$code"
holds "the way out" "$err" "runtime.spill = true"
holds "the checkpoint that was made" "$("$weir" state show full)" "read up to byte"
rm -rf full out.csv
small="--set runtime.memory_limit=150MB"

# The same over two runs that go on, killed in between.
for steps in 'transform = [{ op = "aggregate", key_by = ["k"], aggregate = { n = "COUNT(*)", l = "LISTAGG(CAST(n AS STRING))" } }]' \
  'transform = [{ op = "reduce", key_by = ["k"], reduce = { n = "a.n + b.n" } }]' "$process"; do
  rm -rf out.csv state
  try "$weir" run -q source.toml -e "$steps"
  mv out.csv reference.csv
  # shellcheck disable=SC2086
  try "$weir" run -q source.toml -e "$steps" $small --checkpoint state --set checkpoint.stop_after=20MB
  expect "the first of two runs" "0 " "$code $err"
  # shellcheck disable=SC2086
  try timeout -s KILL 1 "$weir" run -q source.toml -e "$steps" $small --checkpoint state --drain --set checkpoint.interval=100ms
  # shellcheck disable=SC2086
  try "$weir" run -q source.toml -e "$steps" $small --checkpoint state --drain --if-busy wait:30s
  expect "the second of two runs" "0 " "$code $err"
  cmp -s out.csv reference.csv || expect "the result of two runs with little memory" same another
  expect "nothing is left in the checkpoints' folder" "" "$(ls state | grep spill)"
done

finish
