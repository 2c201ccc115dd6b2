. "$(dirname "$0")/lib.sh"

# A reader that goes away ends the run quietly, as it does `yes`.
seq 1 2000000 >numbers
{ "$weir" run -i text -t text -e '' numbers 2>err.txt; echo $? >code; } | head -n 1 >first
expect "head gets its line" 1 "$(cat first)"
expect "exit code of a closed pipe" 141 "$(cat code)"
expect "nothing is said of a closed pipe" "" "$(cat err.txt)"

# A full disk is an error with a message.
"$weir" run -q -i text -t text -e '' numbers >/dev/full 2>err.txt
expect "exit code of a full disk" 6 $?
holds "a full disk is told" "$(cat err.txt)" "No space left on device"
echo 1 | "$weir" run -q -i text -t text -e '' - >/dev/full 2>err.txt
expect "exit code of a full disk with one row" 6 $?
holds "a full disk is told for one row" "$(cat err.txt)" "cannot write stdout"
for command in --help --version functions "run --help"; do
  "$weir" $command >/dev/full 2>err.txt
  expect "exit code of '$command' to a full disk" 6 $?
done

# Descriptors that are not there.
"$weir" run -q -i text -t text -e '' numbers >&- 2>err.txt
expect "exit code without stdout" 1 $?
holds "a closed stdout is told" "$(cat err.txt)" "cannot write stdout"
"$weir" run -q -i text -t text -e '' - <&- >out.txt 2>err.txt
expect "exit code without stdin" 1 $?
holds "a closed stdin is told" "$(cat err.txt)" "stdin"
"$weir" run -i text -t text -e '' numbers 2>&- | tail -n 1 >last
expect "a closed stderr harms nothing" 2000000 "$(cat last)"

# What arrives comes out while the writer pauses.
mkfifo in
"$weir" run -q -i json -t csv -e '' - <in >out.txt 2>err.txt &
exec 3>in
printf '{"a":1}\n' >&3
for _ in 1 2 3 4 5 6 7 8 9 10; do
  [ "$(cat out.txt)" = "a
1" ] && break
  sleep 0.2
done
expect "a row comes out before the end of the input" "a
1" "$(cat out.txt)"
exec 3>&-
wait
printf 'a\nb\n' | "$weir" run -i text -t table -e '' - >out.txt 2>err.txt
expect "a table of a pipe" "line
----
a
b" "$(cat out.txt)"
holds "the closing line" "$(cat err.txt)" "weir: 2 in, 2 out"

# A limit ends a source that does not.
yes | timeout 20 "$weir" run -q -i text -t text -e '' --limit 3 - >out.txt
expect "a limit stops the source" "y
y
y" "$(cat out.txt)"

# Rows before a bad one are given in every format.
for format in text csv json tsv logfmt table print; do
  printf '{"a":1}\n{"a":2}\nbad\n{"a":3}\n' | "$weir" run -q -i json -t "$format" -e '' - >out.txt 2>err.txt
  expect "exit code of a bad record, $format" 3 $?
  holds "the rows before it, $format" "$(tr -d '\n' <out.txt)" 2
done

# A run that needs more memory than it may have.
"$weir" run -q -i text -t text --set runtime.memory_limit=64KB -e '' - <in >out.txt 2>err.txt &
pid=$!
exec 3>in
wait $pid
expect "exit code over the memory limit" 6 $?
holds "the memory limit is told" "$(cat err.txt)" "needs more memory than 64 KB"
exec 3>&-

# H3: a terminal as input: lines as they are typed, to the end.
if command -v script >/dev/null 2>&1; then
  printf 'x\ny\n\004' | script -qec "$weir run -q -i text -t json -e '' -o typed.json -" /dev/null >/dev/null 2>&1
  expect "H3 a terminal" '{"line":"x"}
{"line":"y"}' "$(cat typed.json)"
fi

finish
