. "$(dirname "$0")/lib.sh"

# F: times over several runs, times that are none, ends of a run.
cat >job.toml <<'END'
[source]
path = "in.csv"
format = "csv"
[source.schema]
t = "TIMESTAMP_LTZ(3)"
k = "STRING"
[source.event_time]
column = "t"
[window]
type = "tumbling"
size = "1m"
aggregate = { n = "COUNT(*)" }
[sink]
path = "result.csv"
[checkpoint]
dir = "state"
END
begin() { rm -rf state result.csv && printf 't,k\n' >in.csv; }
row() { printf '2024-01-31T%s,%s\n' "$1" "$2" >>in.csv; }
run() {
  what=$1
  shift
  try "$weir" run -q job.toml "$@"
  expect "$what: exit code" "0 " "$code $err"
}
result() { tail -n +2 result.csv | sed 's/2024-01-31 //g; s/\.000//g'; }

# F1: a time far ahead is a bad record where it would spoil later runs, and moves nothing.
begin
row 10:00:01Z a
echo 9999-01-31T00:00:00Z,poison >>in.csv
row 10:00:02Z b
try "$weir" run job.toml --on-error skip
expect "F1 exit code" 0 "$code"
holds "F1 one bad record" "$err" "1 bad"
row 10:00:03Z c
run F1 --on-error skip --drain
expect "F1 all others in their window" "10:00:00,10:01:00,3" "$(result)"
# F2: nothing else.
begin
echo 2999-01-31T00:00:00Z,a >>in.csv
echo 2999-01-31T00:00:01Z,b >>in.csv
try "$weir" run job.toml --on-error skip --drain
expect "F2 exit code" 0 "$code"
holds "F2 says why" "$err" "further ahead of the clock than max_future allows"
holds "F2 says that there is nothing" "$err" "no output: every record was bad"
try "$weir" run -q job.toml --fresh --strict --on-error skip --drain --set sink.overwrite=true
expect "F2 exit code, strict" 3 "$code"

# F6: what is no time.
begin
row 10:00:01Z a
for text in '' 2024-02-30T00:00:00Z 2024-01-31T25:00:00Z 2024-13-01T00:00:00Z 1706695201000x tomorrow 2024-01-31 NaN; do
  echo "$text,bad" >>in.csv
done
row 10:00:02Z b
try "$weir" run job.toml --on-error skip --drain
expect "F6 exit code" 0 "$code"
expect "F6 the others" "10:00:00,10:01:00,2" "$(result)"

# F9: what was late before a run ended is late in the next one.
begin
row 10:00:01Z a
row 10:02:00Z b
run F9
row 10:00:30Z late
row 10:02:01Z c
try "$weir" run job.toml
holds "F9 it is late in the second run" "$err" "1 late"
run F9 --drain
expect "F9 windows" "10:00:00,10:01:00,1
10:02:00,10:03:00,2" "$(result)"

# F10: eighty short runs over one window.
begin
for i in $(seq 0 79); do
  row "$(printf '10:%02d:%02dZ' 0 $((i / 2)))" "$i"
  "$weir" run -q job.toml || expect "F10 exit code" 0 "$?"
done
run F10 --drain
expect "F10 one result" "10:00:00,10:01:00,80" "$(result)"

# F13: the input's end and SIGTERM leave windows open, --drain closes them; a run without checkpoints closes them too.
begin
row 10:00:01Z a
run F13
expect "F13 the end of the input" "" "$(result)"
mkfifo pipe
"$weir" run -q job.toml --set source.path=pipe --checkpoint state2 --set sink.path=other.csv &
pid=$!
{ cat in.csv && sleep 0.5 && kill -TERM "$pid" && sleep 0.2; } >pipe
wait "$pid"
expect "F13 SIGTERM: exit code" 0 $?
expect "F13 SIGTERM" "" "$(tail -n +2 other.csv)"
run F13 --drain
expect "F13 --drain" "10:00:00,10:01:00,1" "$(result)"

# F12: windows that are too many are refused, a millisecond's are not.
printf 't\n1706695201000\n1706695201001\n' >ms.csv
try "$weir" run -q -i csv -t csv -e '[source.event_time]
column = "t"
format = "epoch_ms"
[window]
type = "sliding"
size = "365d"
slide = "1ms"
aggregate = { n = "COUNT(*)" }' ms.csv
expect "F12 a year by milliseconds: exit code" 2 "$code"
holds "F12 a year by milliseconds" "$err" "more than 10,000,000 windows"

finish
