. "$(dirname "$0")/lib.sh"

# Odd inputs.
mkdir folder empty_folder
printf 'a\n' >folder/1.txt
printf 'b\n' >folder/2.txt
try "$weir" run -q -i text -t text -e '' folder
expect "the files of a folder" "a
b" "$out"
try "$weir" run -q -i text -t text -e '' empty_folder
expect "exit code of an empty folder" 1 "$code"
holds "an empty folder is told" "$err" "empty_folder"
try "$weir" run -q -e '' missing.log
expect "exit code of a missing file" 1 "$code"
holds "a missing file is told" "$err" "missing.log"
: >empty
for format in text csv json combined logfmt tsv; do
  try "$weir" run -q -i "$format" -t json -e '' empty
  expect "exit code of an empty $format file" 0 "$code"
  expect "rows of an empty $format file" "" "$out"
done
try "$weir" run -e '' -t json empty
expect "exit code of an empty file of no format" 0 "$code"
holds "an empty file is told" "$err" "the input holds no records"
if [ "$(id -u)" != 0 ]; then
  printf 'a\n' >closed && chmod 000 closed
  try "$weir" run -q -i text -e '' closed
  expect "exit code of an unreadable file" 1 "$code"
  holds "an unreadable file is told" "$err" "Permission denied"
fi

# Odd bytes.
printf 'a\0b\nc' >nul
try "$weir" run -q -i text -t json -e '' nul
expect "NUL bytes are bytes" '{"line":"a\u0000b"}
{"line":"c"}' "$out"
printf '\357\273\277n,s\r\n1,x\r\n2,y' >bom.csv
try "$weir" run -q -i csv -t json -e '' bom.csv
expect "BOM, CRLF and no last newline" '{"n":1,"s":"x"}
{"n":2,"s":"y"}' "$out"
awk 'BEGIN { for (i = 0; i < 10000000; ++i) printf "x"; print ""; print "short" }' >long
try "$weir" run -q -i text -t text -e '[[transform]]
op = "map"
columns = { n = "LENGTH(line)" }' long
expect "a line of 10 MB" "10000000
5" "$out"
head -c 100000 /dev/zero | tr '\0' '\377' >garbage
try "$weir" run -q -i json -e '' garbage
expect "exit code of garbage" 3 "$code"
holds "garbage is told" "$err" "garbage:1"
[ "$(printf %s "$err" | wc -c)" -lt 1000 ] || expect "garbage is cut" short "$err"

# Outputs.
printf '{"a":1}\n' >in.json
try "$weir" run -q -i json -e '' -o there.json in.json
try "$weir" run -q -i json -e '' -o there.json in.json
expect "exit code for an output that exists" 2 "$code"
holds "an output that exists is told" "$err" "exists already"
try "$weir" run -q -i json -e '' -o in.json --overwrite in.json
expect "exit code for writing what is read" 2 "$code"
expect "the input is untouched" '{"a":1}' "$(cat in.json)"
try "$weir" run -q -i json -e '' -o no/such/folder.json in.json
expect "exit code for an output nowhere" 1 "$code"
holds "an output nowhere is told" "$err" "no/such/folder.json"
try "$weir" run -q -i json -e '' -o folder in.json
expect "exit code for a folder as output" 1 "$code"
printf '{"a":1}\n{"a":\n' >bad.json
try "$weir" run -q -i json -e '' -o result.json bad.json
expect "exit code of a bad record" 3 "$code"
expect "no output of a failed run" "" "$(ls -A | grep result)"

finish
