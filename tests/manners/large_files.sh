. "$(dirname "$0")/lib.sh"
. "$here/rereading_lib.sh"

# Inputs of gigabytes: what stays bounded, and what is behind them.
# C16: behind 4 GiB. The hole is a line of its own that is too long, and one bad record.
begin
seq 1 3 >log
truncate -s 4400000000 log 2>/dev/null && printf '\n4\n5\n' >>log
if [ "$(wc -c <log)" = 4400000005 ]; then
  next C16 --on-error skip
  printf '6\n' >>log
  next C16 --on-error skip
  holds_lines "C16 behind 4 GiB" 6
  holds "C16 the place" "$("$weir" state show state)" "read up to byte 4400000007"
fi

rm -f log result.txt

# E3, E13, D6: what has no end is let go at 64 MB, in memory that is bounded, and what follows is read.
bounded() { (ulimit -v 700000 && exec "$weir" run -q -p 2 --on-error skip -t text -e '' "$@"); }
long_line() { echo first && head -c 1073741824 /dev/zero | tr '\0' x && echo && echo last; }
long_line >line
for path in line -; do
  bounded -i text "$path" <line >out.txt 2>err.txt
  expect "E3 a line of a gibibyte, $path: exit code" 0 $?
  expect "E3 a line of a gibibyte, $path" "first
last" "$(cat out.txt)"
done
long_line | bounded -i text - >out.txt
expect "E3 a line of a gibibyte through a pipe" "first
last" "$(cat out.txt)"
gzip -c line >line.gz
rm line
bounded -i text line.gz >out.txt
expect "D6 a bomb of gzip" "first
last" "$(cat out.txt)"
{ printf 'a,b\n1,2\n3,"never closed\n' && yes 'x,y' | head -c 1000000000; } >open.csv
bounded -i csv open.csv >out.txt 2>err.txt
expect "E13 a quote that is not closed: exit code" 0 $?
expect "E13 the rows before it" "1	2" "$(cat out.txt)"
try "$weir" run -q -i csv -t csv -e '' open.csv
expect "E13 it is told: exit code" 3 "$code"
holds "E13 it is told" "$err" "open.csv:3: the record at byte 8 is longer than 64 MB; a quote that is never closed"
rm open.csv

# D6: it can be interrupted while it passes over a bomb.
head -c 20000000000 /dev/zero 2>/dev/null | timeout 10 gzip -1c >bomb.gz 2>/dev/null
"$weir" run -q -i text -t text --on-error skip -e '' bomb.gz >out.txt 2>err.txt &
pid=$!
sleep 1
start=$(date +%s)
kill -TERM "$pid"
wait "$pid"
expect "D6 a bomb is interrupted: exit code" 143 $?
[ "$(($(date +%s) - start))" -le 3 ] || expect "D6 a bomb is interrupted" "at once" "later"

finish
