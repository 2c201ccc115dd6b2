. "$(dirname "$0")/lib.sh"
. "$here/rereading_lib.sh"

# Files that are read over several runs, as cron starts them, while others write, rotate and replace them.
only_log="--set source.path=log"

# C2: rotated while nothing runs: once, twice, three times, by date.
begin
seq 1 100 >log
next C2
seq 101 200 >>log && mv log log.1
seq 201 300 >log && mv log.1 log.2 && mv log log.1
seq 301 400 >log && mv log.2 log.3 && mv log.1 log.2 && mv log log.1
seq 401 500 >log
next C2
holds_lines "C2 three rotations" 500
mv log log-20240131
seq 501 600 >log
next C2
holds_lines "C2 rotated by date" 600
begin
seq 1 100 >log
# shellcheck disable=SC2086
next C2 $only_log
seq 101 200 >>log && mv log log.1
seq 201 300 >log
# shellcheck disable=SC2086
next C2 $only_log
holds_lines "C2 where only the log is named" 300

# C3: and compressed; while that goes on there are both, and the copy is half there.
begin
seq 1 3000 >log
next C3
seq 3001 3100 >>log && mv log log.1 && gzip -c log.1 >whole
seq 3101 3200 >log
for bytes in 0 5 30 3000; do
  head -c "$bytes" whole >log.1.gz
  next "C3 $bytes bytes"
  holds_lines "C3 beside a copy of $bytes bytes" 3200
done
cat whole >log.1.gz
next C3
holds_lines "C3 beside a copy" 3200
rm log.1
next C3
next C3
holds_lines "C3 behind a copy" 3200
begin
seq 1 3000 >log
# shellcheck disable=SC2086
next C3 $only_log
seq 3001 3100 >>log && mv log log.1 && gzip log.1
seq 3101 3200 >log
# shellcheck disable=SC2086
next C3 $only_log
holds_lines "C3 where only the log is named" 3200

# C4: copied and emptied.
for path in log 'log*'; do
  begin
  seq 1 100 >log
  next C4 --set "source.path='$path'"
  seq 101 110 >>log && cp log log.1 && : >log
  seq 111 120 >>log
  next C4 --set "source.path='$path'"
  next C4 --set "source.path='$path'"
  holds_lines "C4 copied and emptied, $path" 120
done

# C6, C7, C9: the name is that of another content, longer than the old one, of the same inode, of another.
begin
seq 1 100 >log
next C6
seq 101 500 >log
next C6
holds_lines "C6 rewritten, and longer" 500
begin
seq 1 100 >log
inode=$(stat -c %i log)
next C7
rm log
for _ in 1 2 3 4 5 6 7 8 9; do  # until the inode is used again, where the file system does that
  seq 101 400 >log
  [ "$(stat -c %i log)" = "$inode" ] && break
  rm log
done
[ -e log ] || seq 101 400 >log
next C7
holds_lines "C7 deleted and made anew" 400
begin
seq 1 100 >log
next C9
seq 101 300 >new && mv new log
next C9
next C9
holds_lines "C9 replaced by another file" 300

# C10, C13: deleted, or growing, while a run reads it.
begin
seq 1 300000 >log
"$weir" run -q job.toml --set runtime.block_size=4KB -p 1 &
pid=$!
for _ in $(seq 500); do # until it has opened the file, or has ended
  case "$(ls -l "/proc/$pid/fd" 2>/dev/null)" in *"/log"* | "") break ;; esac
  sleep 0.01
done
rm log
wait "$pid"
expect "C10 exit code" 0 $?
last=$(wc -l <result.txt)
holds_lines "C10 deleted while it is read" "$last"
begin
seq 1 100000 >log
(for i in $(seq 100 299); do seq $((i * 1000 + 1)) $((i * 1000 + 1000)); done >>log) &
next C13
wait
next C13
holds_lines "C13 grows while it is read" 300000

# C14: an unfinished last line, cut at each place.
begin
: >log
seq 95 105 >whole
size=$(wc -c <whole)
for at in $(seq 1 "$size"); do
  head -c "$at" whole >part
  tail -c +"$(($(wc -c <log) + 1))" part >>log
  next "C14 byte $at" -p 2
done
expect "C14 a file that grows by a byte a run" "$(cat whole)" "$(cat result.txt)"
printf 106 >>log
next C14
expect "C14 without its end it waits" 105 "$(tail -n 1 result.txt)"
next C14 --drain
expect "C14 at the end of all it does not" 106 "$(tail -n 1 result.txt)"

# C15: more files than descriptors.
rm -rf state result.txt log* many
mkdir many
seq 1 2000 | split -l 1 -a 4 - many/log
(
  ulimit -n 32
  "$weir" run -q job.toml --set "source.path='many/log*'"
)
expect "C15 exit code" 0 $?
holds_lines "C15 two thousand files, 32 descriptors" 2000
try "$weir" run -q job.toml --set "source.path='many/log*'"
holds_lines "C15 and nothing twice" 2000
rm -rf many

# D9, D10: a file that is still being compressed, and kills in the middle of a long one.
for way in gz zst; do
  begin
  "$weir" run -q -i text -t text -e '' -o "whole.$way" --overwrite - <<END
$(seq 1 30000)
END
  head -c 20000 "whole.$way" >"log.$way"
  try "$weir" run job.toml
  expect "D9 $way: exit code" 0 "$code"
  holds "D9 $way: what is said" "$err" "log.$way ends within its compressed data, the rest is left to the next run"
  cat "whole.$way" >"log.$way"
  next "D9 $way"
  holds_lines "D9 $way: read while it is written" 30000
  head -c 20000 "whole.$way" >"log.2.$way"
  try "$weir" run -q job.toml --drain
  expect "D9 $way: nothing may be missing at the end of all" 3 "$code"
done
begin
seq 1 1500000 >want && gzip -1c want >log.gz
for _ in 1 2 3; do
  timeout -s KILL 0.15 "$weir" run -q job.toml --set checkpoint.interval=20ms
done 2>/dev/null
next D10
cmp -s result.txt want || expect "D10 kills in the middle of a gzip file" "the same" "another"

# C18: a loop mount is another device each time; the unit tests have that. C12: not files.
begin
mkdir log.folder
ln -s log.loop log.loop
try "$weir" run -q job.toml
expect "C12 a loop of links: exit code" 1 "$code"
holds "C12 a loop of links" "$err" "no file matches"
rm log.loop
seq 1 3 >log
next C12
holds_lines "C12 a folder beside it" 3
try timeout 20 "$weir" run -q -i text -t text -e '' --limit 1 /proc/self/status
holds "C12 a file of /proc" "$out" "Name:"
try timeout 20 "$weir" run -q -i text -t text -e '' /dev/zero
expect "C12 /dev/zero: exit code" 3 "$code"
holds "C12 /dev/zero" "$err" "longer than 64 MB"

finish
