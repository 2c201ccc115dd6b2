. "$(dirname "$0")/lib.sh"

cat >job.toml <<'END'
name = "job"
[source]
path = "in.csv"
format = "csv"
[source.schema]
t = "TIMESTAMP_LTZ(3)"
user = "STRING"
[source.event_time]
column = "t"
[window]
type = "tumbling"
size = "1m"
key_by = ["user"]
aggregate = { n = "COUNT(*)" }
[sink]
path = "out.csv"
[checkpoint]
dir = "state"
END
printf 't,user\n2024-01-31T10:00:01Z,ann\n2024-01-31T10:01:01Z,bob\n' >in.csv
try "$weir" run -q job.toml
expect "first run" "0 " "$code $err"

# list, show
try "$weir" state list state
expect "exit code of list" 0 "$code"
holds "the pipeline of a checkpoint" "$out" "job"
expect "one line a checkpoint" 2 "$(printf '%s\n' "$out" | wc -l)"
try "$weir" state show state
expect "exit code of show" 0 "$code"
holds "the pipeline" "$out" "pipeline    job"
holds "how far the input is read" "$out" "in.csv: read up to byte 57"
holds "how much of the output is certain" "$out" "out.csv: certain up to byte"
holds "the step and its state" "$out" "tumbling window 1: "
try "$weir" state show nowhere
expect "exit code of a folder that is not there" 1 "$code"
holds "message of a folder that is not there" "$err" "cannot open the folder nowhere"
expect "it is not made" "" "$(ls -d nowhere 2>/dev/null)"
try "$weir" state
expect "exit code without anything to do" 2 "$code"
try "$weir" state look state
holds "message of another word" "$err" "\`look\` is not list, show or reset"

# One step's state is forgotten, where the input stands is not: bob's window is gone.
try "$weir" state reset state --step 'tumbling windo 1'
expect "exit code of a step that is not there" 4 "$code"
holds "hint of a step that is not there" "$err" 'did you mean `tumbling window 1`?'
cp -r state before
try "$weir" state reset state --step 'tumbling window 1'
expect "reset of a step" "0 " "$code $err"
printf '2024-01-31T10:02:01Z,cat\n' >>in.csv
try "$weir" run -q job.toml --drain
expect "run after it" "0 " "$code $err"
expect "what it writes" "window_start,window_end,user,n
2024-01-31 10:00:00.000,2024-01-31 10:01:00.000,ann,1
2024-01-31 10:02:00.000,2024-01-31 10:03:00.000,cat,1" "$(cat out.csv)"

# The same by the run itself, for a step that has changed.
rm -r state
mv before state
try "$weir" run -q job.toml --drain --set window.size=2m
expect "exit code of a changed step" 4 "$code"
holds "the way out" "$err" "--reset-step 'tumbling window 1'"
try "$weir" run -q job.toml --drain --set window.size=2m --reset-step 'tumbling window 1'
expect "without its state" "0 " "$code $err"
holds "its result" "$(cat out.csv)" "2024-01-31 10:02:00.000,2024-01-31 10:04:00.000,cat,1"
try "$weir" run -q job.toml --reset-step nothing
expect "exit code of a step that the run does not know" 4 "$code"

# Everything is forgotten.
try "$weir" state reset state
expect "reset" "0 " "$code $err"
try "$weir" state show state
expect "exit code when there is nothing" 4 "$code"
holds "message when there is nothing" "$err" "there is no checkpoint in state"
rm out.csv

# While another run is at work.
mkfifo slow
"$weir" run -q -i text -t text -e '' slow -o slow.txt --checkpoint busy 2>busy.txt &
pid=$!
exec 3>slow
sleep 0.3
next() { try "$weir" run "$@" -i text -t text -e '' in.csv -o slow.txt --checkpoint busy; }
next -q
expect "exit code while another run is at work" 5 "$code"
holds "message while another run is at work" "$err" "another run uses busy (process $pid)"
next --if-busy skip
expect "exit code of --if-busy skip" 0 "$code"
holds "message of --if-busy skip" "$err" "weir: nothing done: another run uses busy"
next -q --if-busy wait:100ms
expect "exit code of a wait that was too short" 5 "$code"
next -q --if-busy sometimes
expect "exit code of another word behind --if-busy" 2 "$code"
try "$weir" state reset busy
expect "reset waits for nobody" 5 "$code"
(sleep 0.5; kill -TERM "$pid") &
next -q --if-busy wait:30s
expect "a wait that was long enough" "0 " "$code $err"
wait "$pid"
expect "the run that was waited for" 0 $?
exec 3>&-
expect "what the second run wrote" 4 "$(wc -l <slow.txt)"

# A join with a table: every run reads the table anew, rows that are out stay as they are.
cat >table.toml <<'END1'
name = "table"
[sources.rows]
path = "rows.csv"
format = "csv"
[sources.names]
path = "names.csv"
format = "csv"
[[transform]]
op = "filter"
input = "names"
where = "name <> 'nobody'"
name = "known"
[[transform]]
op = "join"
inputs = ["rows", "known"]
on = ["k"]
join = "left"
[sink]
path = "joined.csv"
[checkpoint]
dir = "joining"
END1
printf 'k\n1\n2\n' >rows.csv
printf 'k,name\n1,one\n3,nobody' >names.csv
try "$weir" run -q table.toml
expect "a join with a table, first run" "0 " "$code $err"
printf '3\n1\n' >>rows.csv
printf 'k,name\n3,three\n1,uno' >names.csv
try "$weir" run -q table.toml
expect "a join with a table, second run" "0 " "$code $err"
expect "rows of both runs" "k,name
1,one
2,
3,three
1,uno" "$(cat joined.csv)"
try "$weir" state show joining
holds "where the rows stand" "$out" "rows.csv: read up to byte"
case $out in *names.csv*) expect "a place of the table" "none" "$out" ;; esac
# A table larger than what a run may read does not count for it.
seq 1 20000 | sed 's/$/,name/' | sed '1ik,name' >names.csv
seq 1 50 | sed '1ik' >rows.csv
rm -rf joined.csv joining
runs=0
while [ $runs -lt 20 ]; do
  try "$weir" run -q table.toml --set checkpoint.stop_after=100B --set runtime.block_size=64B
  expect "one of several runs" "0 " "$code $err"
  runs=$((runs + 1))
  [ "$(wc -l <joined.csv)" = 51 ] && break
done
expect "several runs, two at most read as much" yes "$([ $runs -ge 2 ] && [ $runs -le 4 ] && echo yes || echo $runs)"
expect "rows of several runs" "$(seq 1 50 | sed 's/$/,name/' | sed '1ik,name')" "$(cat joined.csv)"

finish
