. "$(dirname "$0")/lib.sh"

if [ -n "${WEIR_SANITIZED:-}" ]; then
  echo "skipped: a sanitizer takes more memory than there is here"
  exit 0
fi

# Open windows beyond the memory: what does not fit goes to the disk, and the result is the same.
mkdir disk
export TMPDIR="$work/disk"
awk 'BEGIN { print "k,t,v"
  for (i = 0; i < 60000; i++) printf "key-%d,%d,%02500d\n", (i * 7919) % 45000, i / 150, i }' >in.csv
cat >source.toml <<'END1'
[source]
path = "in.csv"
format = "csv"
[source.schema]
k = "STRING"
t = "BIGINT"
v = "STRING"
[source.event_time]
column = "t"
format = "epoch_s"
[sink]
path = "out.csv"
overwrite = true
END1
# A third of it is for state, which is about 150 MB.
small="--set runtime.memory_limit=210MB"
window() {
  printf 'transform = [{ op = "window", key_by = ["k"], aggregate = { n = "COUNT(*)", l = "LISTAGG(v)" }, %s }]' "$1"
}
# same NAME WINDOW: with much memory, with little and no disk for the rest, with little.
same() {
  steps=$(window "$2")
  try "$weir" run -q source.toml -e "$steps"
  expect "$1, in memory" "0 " "$code $err"
  mv out.csv reference.csv
  # shellcheck disable=SC2086
  TMPDIR=/nowhere try "$weir" run -q source.toml -e "$steps" $small
  expect "$1: exit code where there is no disk for it" 1 "$code"
  holds "$1: what is said then" "$err" "cannot make a folder for state"
  # shellcheck disable=SC2086
  try "$weir" run -q source.toml -e "$steps" $small
  expect "$1, with little memory" "0 " "$code $err"
  cmp -s out.csv reference.csv || expect "$1: the result with little memory" same another
  expect "$1: nothing is left on the disk" "" "$(ls disk)"
}
same tumbling 'type = "tumbling", size = "1000s"'
same sliding 'type = "sliding", size = "400s", slide = "200s"'
same cumulate 'type = "cumulate", size = "400s", step = "200s"'
same session 'type = "session", gap = "350s"'
same count 'type = "count", size = 2, emit_partial = true'
same "by a trigger" 'type = "global", trigger = "end"'
same "by the clock" 'type = "tumbling", time = "processing", size = "9000h"'

# Where state must not go to the disk, the run ends, with a checkpoint.
steps=$(window 'type = "tumbling", size = "1000s"')
rm -f out.csv
try "$weir" run -q source.toml -e "$steps" --checkpoint full --set runtime.spill=false --set runtime.memory_limit=120MB
expect "exit code beyond the memory" 6 "$code"
holds "the way out" "$err" "runtime.spill = true"
holds "the checkpoint that was made" "$("$weir" state show full)" "read up to byte"
rm -rf full

# The same over two runs that go on, killed in between.
for kind in 'type = "tumbling", size = "1000s"' 'type = "sliding", size = "400s", slide = "200s"' \
  'type = "session", gap = "350s"' 'type = "count", size = 2, emit_partial = true'; do
  steps=$(window "$kind")
  rm -rf out.csv state
  try "$weir" run -q source.toml -e "$steps"
  mv out.csv reference.csv
  # shellcheck disable=SC2086
  try "$weir" run -q source.toml -e "$steps" $small --checkpoint state --set checkpoint.stop_after=110MB
  expect "the first of two runs, $kind" "0 " "$code $err"
  # shellcheck disable=SC2086
  try timeout -s KILL 1 "$weir" run -q source.toml -e "$steps" $small --checkpoint state --drain --set checkpoint.interval=100ms
  # The one that was killed may take a moment to go.
  # shellcheck disable=SC2086
  try "$weir" run -q source.toml -e "$steps" $small --checkpoint state --drain --if-busy wait:30s
  expect "the second of two runs, $kind" "0 " "$code $err"
  cmp -s out.csv reference.csv || expect "the result of two runs, $kind" same another
  expect "nothing is left in the checkpoints' folder" "" "$(ls state | grep spill)"
done

finish
