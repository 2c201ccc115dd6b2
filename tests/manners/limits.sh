. "$(dirname "$0")/lib.sh"

# Few descriptors, little memory, few cores, odd descriptors, folders that are shared, copied, lost.
awk 'BEGIN { print "k,v"; for (i = 0; i < 100000; i++) print i % 1000 "," i }' >in.csv
cat >count.toml <<'END'
name = "count"
[source]
path = "in.csv"
format = "csv"
[source.schema]
k = "BIGINT"
v = "BIGINT"
[[transform]]
op = "filter"
where = "v >= 0"
[[transform]]
op = "aggregate"
key_by = ["k"]
aggregate = { n = "COUNT(*)", s = "SUM(v)" }
[sink]
path = "result.csv"
overwrite = true
END
try "$weir" run -q count.toml
mv result.csv reference.csv
clean() { # WHAT CODE: one message that says what, and no more
  holds "$1: a message" "$2" "error: "
  case $2 in *terminate* | *"please report"* | *Assert*) expect "$1: clean" "a message" "$2" ;; esac
}

# B11: from three descriptors on, each number of them.
for n in 4 5 6 7 8 9 10 12 16; do
  rm -rf result.csv state
  (ulimit -n "$n" && exec "$weir" run -q count.toml --checkpoint state --drain) >out.txt 2>err.txt
  code=$?
  case $code in
    0) cmp -s result.csv reference.csv || expect "B11 $n descriptors" same another ;;
    1 | 2) clean "B11 $n descriptors" "$(cat err.txt)" ;;
    127) ;; # the libraries could not be loaded
    *) expect "B11 $n descriptors: exit code" "0 or 1" "$code" ;;
  esac
done
rm -rf result.csv state

# B18: little address space: it ends well, or with exit code 6, or 1 where no thread can be started.
for mib in 40 48 64 96 128 192 256; do
  [ -z "${WEIR_SANITIZED:-}" ] || break # it takes terabytes
  rm -f result.csv
  (ulimit -v "$((mib * 1024))" && exec "$weir" run -q count.toml -p 4 >out.txt 2>err.txt)
  code=$?
  case $code in
    0) cmp -s result.csv reference.csv || expect "B18 $mib MiB" same another ;;
    1 | 6) clean "B18 $mib MiB" "$(cat err.txt)" ;;
    127) ;;
    *) expect "B18 $mib MiB: exit code" "0, 1 or 6" "$code $(cat err.txt)" ;;
  esac
done

# G9: 64 threads on one core, and none but small blocks (G7).
if command -v taskset >/dev/null; then
  for cores in 0 0,1; do
    taskset -c "$cores" "$weir" run -q count.toml -p 64 --set runtime.block_size=1KB 2>err.txt ||
      [ "$cores" = 0,1 ] || expect "G9 cores $cores: exit code" 0 "$? $(cat err.txt)"
    cmp -s result.csv reference.csv || expect "G9 64 threads on cores $cores" same another
  done
fi

# G4: keys that collide under common hashes take about as long as others; here only that they end.
awk 'BEGIN { print "k"; for (i = 0; i < 65536; i++) { s = ""; for (b = 0; b < 16; b++) s = s (int(i / 2 ^ b) % 2 ? "Aa" : "BB"); print s } }' >crafted.csv
awk 'BEGIN { print "k"; for (i = 0; i < 65536; i++) printf "%.0f\n", i * 4294967296 }' >shifted.csv
for file in crafted shifted; do
  try timeout 20 "$weir" run -q -i csv -t csv -e 'transform = [{ op = "distinct" }, { op = "aggregate", aggregate = { n = "COUNT(*)" } }]' "$file.csv"
  expect "G4 $file" "n
65536" "$out"
done

# G8: one branch of a diamond filters everything; the other's windows close all the same.
printf 't,v\n' >times.csv
awk 'BEGIN { for (i = 0; i < 3000; i++) printf "2024-01-31 %02d:%02d:%02d,%d\n", i / 3600, i / 60 % 60, i % 60, i }' >>times.csv
try "$weir" run -q -t csv -e '[source]
path = "times.csv"
format = "csv"
[source.event_time]
column = "t"
[[transform]]
name = "all"
op = "filter"
where = "TRUE"
[[transform]]
name = "none"
input = "all"
op = "filter"
where = "FALSE"
[[transform]]
name = "both"
inputs = ["all", "none"]
op = "union"
[window]
type = "tumbling"
size = "1m"
aggregate = { n = "COUNT(*)" }' --set runtime.block_size=1KB
expect "G8 a diamond: exit code" "0 " "$code $err"
expect "G8 a diamond: windows" 51 "$(printf '%s\n' "$out" | wc -l)"

# A16: a pipe cannot be read again, so it cannot be read with checkpoints.
seq 1 10 | "$weir" run -q -i text -t text -e '' - -o never.txt --checkpoint state 2>err.txt
expect "A16 checkpoints of a pipe: exit code" 2 $?
holds "A16 checkpoints of a pipe" "$(cat err.txt)" "cannot be read on by a later run"

# H11: nothing of ours goes into data where descriptors 0 to 2 are closed.
"$weir" run count.toml <&- >&- 2>&-
cmp -s result.csv reference.csv || expect "H11 closed descriptors" same another
# H13: an output that does not wait, read slowly.
if command -v python3 >/dev/null; then
  seq 1 200000 >numbers
  python3 - "$weir" <<'END' >slow.txt
import fcntl, os, subprocess, sys, time
r, w = os.pipe()
fcntl.fcntl(w, fcntl.F_SETFL, fcntl.fcntl(w, fcntl.F_GETFL) | os.O_NONBLOCK)
run = subprocess.Popen([sys.argv[1], "run", "-q", "-i", "text", "-t", "text", "-e", "", "numbers"], stdout=w)
os.close(w)
while True:
    part = os.read(r, 30000)
    if not part: break
    sys.stdout.buffer.write(part)
    time.sleep(0.0005)
sys.exit(run.wait())
END
  expect "H13 a pipe that does not wait: exit code" 0 $?
  cmp -s numbers slow.txt || expect "H13 a pipe that does not wait" same another
fi
# H1: many times.
seq 1 100000 >numbers
for _ in $(seq 1 50); do
  { "$weir" run -i text -t text -e '' numbers 2>>heads.txt; echo $? >>codes.txt; } | head -n 1 >>ones.txt
done
expect "H1 what head gets" 50 "$(grep -c '^1$' ones.txt)"
expect "H1 what is said" "" "$(cat heads.txt)"
expect "H1 exit codes" "     50 141" "$(sort codes.txt | uniq -c)"

# H7, H8, H10: twenty at once on one folder; the holder is killed; a run each moment.
cat >job.toml <<'END'
name = "job"
[source]
path = "log"
format = "text"
[sink]
path = "result.txt"
format = "text"
[checkpoint]
dir = "state"
interval = "10ms"
END
seq 1 200000 >log
for i in $(seq 1 20); do
  ("$weir" run -q job.toml 2>/dev/null; echo $? >"code.$i") &
done
wait
codes=$(cat code.* | sort | uniq -c)
case $codes in *" 5"* | *"20 0") ;; *) expect "H7 twenty at once" "exit codes 0 and 5" "$codes" ;; esac
expect "H7 no other exit code" "" "$(cat code.* | grep -v '^[05]$')"
cmp -s log result.txt || expect "H7 twenty at once" same another
seq 200001 400000 >>log
{ timeout -s KILL 0.05 "$weir" run -q job.toml --set runtime.block_size=4KB; } 2>/dev/null
try "$weir" run -q job.toml
expect "H8 behind a holder that was killed" "0 " "$code $err"
cmp -s log result.txt || expect "H8 behind a holder that was killed" same another
(for i in $(seq 401 440); do seq $((i * 1000 - 999)) $((i * 1000)) >>log; sleep 0.02; done) &
writer=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
  "$weir" run -q job.toml --if-busy skip &
  sleep 0.06
done
wait "$writer"
wait
try "$weir" run -q job.toml
cmp -s log result.txt || expect "H10 a run each moment" same another

# H14: what killed runs have left is removed, and nothing else is.
echo mine >state/tmp-not-ours
for i in 1 2 3; do echo half >"state/tmp.$i"; done
try "$weir" run -q job.toml
expect "H14 left files" "tmp-not-ours" "$(ls state | grep tmp)"
rm state/tmp-not-ours

# H9: a copy of the folder, used elsewhere or later: refused, or exact.
cp -r state state.copy
seq 440001 450000 >>log
try "$weir" run -q job.toml
try "$weir" run -q job.toml --checkpoint state.copy
case $code in 0) cmp -s log result.txt || expect "H9 a copied folder" same another ;; *) expect "H9 a copied folder: exit code" 4 "$code" ;; esac
mkdir elsewhere
cp job.toml log elsewhere/ && cp -r state.copy elsewhere/state && echo other >elsewhere/result.txt
(cd elsewhere && exec "$weir" run -q job.toml 2>err.txt)
expect "H9 elsewhere: exit code" 4 $?
expect "H9 elsewhere: nothing is written over" other "$(cat elsewhere/result.txt)"

# M2: what does not touch state may change.
rm -rf state result.txt
for p in 1 4 1; do
  try "$weir" run -q job.toml -p "$p" --set checkpoint.stop_after=200KB --set runtime.block_size=4KB
  expect "M2 -p $p" "0 " "$code $err"
done
try "$weir" run -q job.toml --set 'transform=[{op="filter",where="TRUE"}]'
expect "M2 another step without state" "0 " "$code $err"
cmp -s log result.txt || expect "M2 other threads, other steps" same another
seq 450001 450003 >>log
try "$weir" run -q job.toml --set sink.path=another.txt
expect "M2 another sink goes on where the input stands" "0 450001
450002
450003" "$code $(cat another.txt)"
# M3: a step with state that is new, or gone.
try "$weir" run -q job.toml --set sink.path=another.txt --set 'transform=[{op="distinct"}]'
expect "M3 a new step with state: exit code" 4 "$code"
holds "M3 a new step with state" "$err" "it knows no state of this step"
# M3: steps in another order keep their states, each its own; those of one kind must be what they were.
printf 'a,1\nb,2\na,1\n' >order.csv
cat >order.toml <<'END'
name = "order"
[source]
path = "order.csv"
format = { name = "csv", header = false, columns = ["k", "v"] }
[[transform]]
op = "distinct"
[[transform]]
op = "deduplicate"
key_by = ["k"]
[sink]
path = "order.txt"
format = "csv"
append = true
[checkpoint]
dir = "order-state"
END
try "$weir" run -q order.toml
printf 'a,1\nb,3\nc,4\n' >>order.csv
try "$weir" run -q order.toml --set 'transform=[{op="deduplicate",key_by=["k"]},{op="distinct"}]'
expect "M3 another order" "0 k,v a,1 b,2 c,4" "$code $(tr '\n' ' ' <order.txt | sed 's/ $//')"
rm -rf order-state
two='{op="deduplicate",key_by=["k"]}'
try "$weir" run -q order.toml --set "transform=[$two,{op=\"deduplicate\",key_by=[\"v\"]}]"
try "$weir" run -q order.toml --set "transform=[{op=\"deduplicate\",key_by=[\"v\"]},$two]"
expect "M3 two of a kind in another order: exit code" 4 "$code"
holds "M3 two of a kind in another order" "$err" "deduplicate"
# M8: two pipelines, one folder.
try "$weir" run -q job.toml --set sink.path=another.txt --set name=second
expect "M8 another pipeline: exit code" 4 "$code"
holds "M8 another pipeline" "$err" "job"
# M9: the folder is lost; what was written is known by its epoch, or there.
cat >table.toml <<'END'
name = "table"
[source]
path = "log"
format = "text"
[sink]
path = "sqlite:rows.db"
table = "t"
create = true
[checkpoint]
dir = "lost"
END
try "$weir" run -q table.toml
if [ "$code" = 0 ]; then
  rm -rf lost
  try "$weir" run -q table.toml
  expect "M9 a lost folder: exit code" 4 "$code"
  holds "M9 a lost folder" "$err" "the checkpoint folder is empty"
fi
rm -rf state
try "$weir" run -q job.toml --set sink.path=another.txt
expect "M9 a lost folder and a file: exit code" 2 "$code"
holds "M9 a lost folder and a file" "$err" "no checkpoint knows it"

finish
