. "$(dirname "$0")/lib.sh"

seq 1 100000 >plain
half() { head -c "$(($(wc -c <"$1") / 2))" "$1"; }
sum='[[transform]]
op = "aggregate"
aggregate = { rows = "COUNT(*)", sum = "SUM(CAST(line AS BIGINT))" }'
cp plain twice
cat plain >>twice
for way in gzip zstd bzip2 xz; do
  # weir's own output is the input; a tool that is there reads it too.
  case $way in gzip) end=gz ;; zstd) end=zst ;; bzip2) end=bz2 ;; xz) end=xz ;; esac
  try "$weir" run -q -i text -t text -e '' -o "plain.$end" plain
  expect "exit code of writing $way" 0 "$code"
  if command -v "$way" >/dev/null; then
    expect "$way reads what was written" "$(cksum <plain)" "$("$way" -dc "plain.$end" | cksum)"
  fi
  [ "$(wc -c <"plain.$end")" -lt "$(wc -c <plain)" ] || expect "$way makes it smaller" less more

  # By content, not by name; on stdin; several members one after another.
  cp "plain.$end" "named.log"
  try "$weir" run -q -i text -t csv -e "$sum" named.log
  expect "$way by content" "rows,sum
100000,5000050000" "$out"
  "$weir" run -q -i text -t csv -e "$sum" - <named.log >out.txt
  expect "$way on stdin" "rows,sum
100000,5000050000" "$(cat out.txt)"
  cat named.log | "$weir" run -q -i text -t csv -e "$sum" - >out.txt
  expect "$way through a pipe" "rows,sum
100000,5000050000" "$(cat out.txt)"
  cat named.log named.log >members
  try "$weir" run -q -i text -t csv -e "$sum" members
  expect "$way of two members" "rows,sum
200000,10000100000" "$out"
  cat members | "$weir" run -q -i text -t csv -e "$sum" - >out.txt
  expect "$way of two members through a pipe" "rows,sum
200000,10000100000" "$(cat out.txt)"

  # Cut short, and damaged: the rows before are given, then exit 3 with the place.
  half named.log >short
  try "$weir" run -q -i text -t text -e '' short
  expect "exit code of a truncated $way" 3 "$code"
  holds "a truncated $way is told" "$err" "short"
  expect "the good rows of a truncated $way" "$(head -n "$(wc -l <out.txt)" plain)" "$out"
  cat short | "$weir" run -q -i text -t text -e '' - >piped.txt 2>err.txt
  expect "exit code of a truncated $way on stdin" 3 $?
  expect "the same good rows" "$(cat out.txt)" "$(cat piped.txt)"
  { cat named.log; echo trailing garbage; } >trailing
  try "$weir" run -q -i text -t csv -e "$sum" trailing
  expect "exit code of garbage behind $way" 3 "$code"

  # Added to: a new member, and no second header.
  try "$weir" run -q -i text -t csv -e '' -o "added.csv.$end" plain
  try "$weir" run -q -i text -t csv -e '[sink]
append = true' -o "added.csv.$end" plain
  expect "exit code of adding to $way" 0 "$code"
  try "$weir" run -q -i csv -t csv -e '[[transform]]
op = "aggregate"
aggregate = { n = "COUNT(*)", headers = "COUNT(*) FILTER (WHERE CAST(line AS STRING) = '"'line'"')" }' "added.csv.$end"
  expect "rows after adding to $way" "n,headers
200000,0" "$out"
done

# Levels, and zstd's threads.
size_at() { # WAY LEVEL THREADS
  "$weir" run -q -i text -t text -e "[sink]
type = \"file\"
path = \"levels\"
compression = \"$1\"
level = $2
threads = $3
overwrite = true" plain 2>err.txt && wc -c <levels
}
for way in gzip bzip2 xz zstd; do
  [ "$(size_at "$way" 9 0)" != "$(size_at "$way" 1 0)" ] || expect "$way has levels" differ "$(cat err.txt)"
done
size_at zstd 3 2 >size
expect "zstd with threads is read back" "$(cksum <plain)" "$("$weir" run -q -i text -t text -e '' levels | cksum)"
size_at zstd 99 0 >size
expect "exit code of a level that is not there" 2 $?
holds "the levels are told" "$(cat err.txt)" "level"
size_at gzip 3 2 >size
holds "threads belong to zstd" "$(cat err.txt)" "threads"

finish
