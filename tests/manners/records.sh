. "$(dirname "$0")/lib.sh"

# E: hostile records, each between good ones: the bad are set aside with their lines, the good come out, however the
# input is cut into blocks and by whatever number of threads.
n=0
start_file() { : >hostile && : >bad_lines && : >good_rows && n=0; }
# put TEXT: a line, backslash escapes as printf takes them.
put() {
  n=$((n + 1))
  # shellcheck disable=SC2059
  printf -- "$1\n" >>hostile
}
bad() { put "$1" && echo "$n" >>bad_lines; }
good() { put "$1" && printf '%s\n' "$2" >>good_rows; }
# as_in WHAT EXPECTED_FILE TEXT: tells where they differ.
as_in() { printf '%s\n' "$3" | diff "$2" - >difference || expect "$1" "$2" "$(head -n 20 difference)"; }
# check FORMAT WHAT [ARGS...]: rows as JSON, with the expected bad lines.
check() {
  format=$1
  what=$2
  shift 2
  for way in "-p 1" "-p 4 --set runtime.block_size=1B" "-p 4 --set runtime.block_size=61B"; do
    rm -f dead.csv
    # shellcheck disable=SC2086
    try "$weir" run -q -i "$format" -t json --dead-letter dead.csv $way "$@" hostile
    expect "$what, $way: exit code" "0 " "$code $err"
    as_in "$what, $way: the good rows" good_rows "$out"
    as_in "$what, $way: the bad lines" bad_lines "$("$weir" run -q -i csv -t text -e '[[transform]]
op = "map"
columns = { line = "line" }' dead.csv)"
  done
  cat hostile | "$weir" run -q -i "$format" -t json --on-error skip "$@" - >piped.txt
  as_in "$what through a pipe" good_rows "$(cat piped.txt)"
}

# E1 E5 E6 E7 E8 E10 E11 E12: JSON.
start_file
next_good=0
ok() { next_good=$((next_good + 1)) && good "{\"a\":$next_good}" "{\"a\":$next_good}"; }
for line in '{"a":NaN}' '{"a":Infinity}' '{"a":-Infinity}' '{"a":+1}' '{"a":01}' '{"a":-01}' '{"a":.5}' '{"a":1.}' '{"a":0x10}' \
  '{"a":1e}' '{"a":1e+}' '{"a":-}' '{"a":--1}' '{"a":1_000}' '{"a":1 2}' '{"a":}' '{"a"}' '{"a":1' '{"a":1,}' '{,"a":1}' '{"a":1,,"b":2}' \
  '{"a":1}}' '{"a":1} x' '{"a":1}{"a":2}' '{"a":[1,2}' '{"a":[1,]}' '{"a":{"b":1}' '{"a":"x}' '{a:1}' "{'a':1}" '{"a":True}' '{"a":nul}' \
  '{"a":nulll}' '{"a":1;}' '{"a"=1}' '{"a":1 "b":2}' '{"a":"\\x"}' '{"a":"\\u12"}' '{"a":"\\u12G4"}' '{"a":"\\ud800"}' '{"a":"\\udc00"}' \
  '{"a":"\\ud800\\u0041"}' '{"a":"\001"}' '{"a":"\t"}' '{"a":"\377"}' '{"a":"\300\200"}' '{"a":"\355\240\200"}' '{"a":"\364\220\200\200"}' \
  '{"a":"\342\202"}' '{"\377":1}' '\377\376{\000' '[1]' '1' '"text"' 'null' 'true' 'x' '{' '}' '[' '{"a":1e400}' '{"a":9223372036854775808}' \
  '{"a":-9223372036854775809}' '{"a":1.5}' '{"a":true}' '{"a":[1]}' '{"a":{}}' '//{"a":1}' '{"a":1}/**/' '{"a":1}\r{"a":2}' '{"a"\000:1}'; do
  bad "$line"
  ok
done
put '' && put '   ' && put '\r' # blank lines are none
good '{"a":9223372036854775807}' '{"a":9223372036854775807}'
good '{"a":-9223372036854775808}' '{"a":-9223372036854775808}'
good '{"a":9007199254740993}' '{"a":9007199254740993}'
good '{"a":"12"}' '{"a":12}'
good '{"a":-0}' '{"a":0}'
good '{"a":null}' '{"a":null}'
good '{}' '{"a":null}'
good '{"b":{"a":7}}' '{"a":null}'
good '{"a.b":7,"":8}' '{"a":null}'
good '{"a":1,"a":2}' '{"a":1}'
good '{"\\u0061":3,"a":4}' '{"a":3}'
good ' {"a" : 5 } \r' '{"a":5}'
put "$(printf '{"a":%01000d}' 1)" && echo "$n" >>bad_lines
put "{\"b\":$(printf '[%.0s' $(seq 1 1000))}" && echo "$n" >>bad_lines
put "{\"b\":$(printf '[%.0s' $(seq 1 1000))$(printf ']%.0s' $(seq 1 1000))}" && echo "$n" >>bad_lines
ok
check json "E1 JSON" -e '[source.schema]
a = "BIGINT"'

# E6 with stacks of 256 KiB: a hundred thousand levels, open and closed.
{
  echo '{"a":1}'
  printf '{"a":' && head -c 100000 /dev/zero | tr '\0' '[' && echo
  printf '{"a":' && head -c 100000 /dev/zero | tr '\0' '[' && head -c 100000 /dev/zero | tr '\0' ']' && echo '}'
  yes '{"a":' | head -n 100000 | tr -d '\n' && echo
  echo '{"a":2}'
} >deep
stack=256
[ -z "${WEIR_SANITIZED:-}" ] || stack=32768 # its frames are larger
(ulimit -s "$stack" && exec "$weir" run -q -i json -t csv --on-error skip -e '' deep >out.txt 2>err.txt)
expect "E6 a hundred thousand levels: exit code" "0 " "$? $(cat err.txt)"
expect "E6 a hundred thousand levels" "a
1
2" "$(cat out.txt)"

# E7: numbers of a million digits.
{ printf '{"a":' && head -c 1000000 /dev/zero | tr '\0' 9 && echo '}' && echo '{"a":1}'; } >digits
for type in BIGINT DOUBLE 'DECIMAL(38, 2)' STRING; do
  try "$weir" run -q -i json -t csv --on-error skip -e "[source.schema]
a = '$type'
[[transform]]
op = 'map'
columns = { n = 'CHAR_LENGTH(CAST(a AS STRING))' }" digits
  expect "E7 a million digits as $type: exit code" "0 " "$code $err"
  rows=$(printf '%s\n' "$out" | wc -l)
  [ "$rows" -ge 2 ] || expect "E7 a million digits as $type" "a row at least" "$out"
done

# E2 E4 E12 E14: CSV.
start_file
put 'a,b'
next_good=0
ok() { next_good=$((next_good + 1)) && good "$next_good,x" "{\"a\":$next_good,\"b\":\"x\"}"; }
for line in '1' '1,2,3' 'x,1' '1.5,1' '0x1,1' '1e3,1' '9223372036854775808,1' '--1,1' '1 2,1' '"1"x,2' ',"a"b' '1,"a"b' \
  '1,"x" ' '1;2' '1\t2' '\0001,1' '1,2,' ',,' '+-1,1' 'NaN,1' 'true,1' '1_000,1' "'1',1" '١,1' '1\r,2'; do
  bad "$line"
  ok
done
good '7,' '{"a":7,"b":""}'
good ',y' '{"a":null,"b":"y"}'
good '8,"a ""quoted"" word"' '{"a":8,"b":"a \"quoted\" word"}'
good '9,"=cmd|x"\r' '{"a":9,"b":"=cmd|x"}'
good '"10","x,y"' '{"a":10,"b":"x,y"}'
good '11,a b' '{"a":11,"b":"a b"}'
good '12, ' '{"a":12,"b":" "}'
good '13,a\000b' '{"a":13,"b":"a\u0000b"}'
good '14,\033[31m' '{"a":14,"b":"\u001b[31m"}'
put '15,"two' && put 'lines"' && printf '%s\n' '{"a":15,"b":"two\nlines"}' >>good_rows
put '' # an empty line is none
ok
check csv "E2 CSV" -e '[source.schema]
a = "BIGINT"
b = "STRING"'

# A quote that is alone makes one record of the lines up to the next one: the quotes say where records end.
printf 'a,b\n1,x"y\n2,x\n3,"z"\n4,"x\n5,y\n' >alone.csv
try "$weir" run -i csv -t csv --on-error skip -e '' alone.csv
expect "E2 a quote that is alone" "a,b
5,y" "$out"
holds "E2 a quote that is alone is told" "$err" "alone.csv:2"

# E12: torn at the end, in the middle of a quote.
printf 'a,b\n1,x\n2,"torn' >torn.csv
try "$weir" run -q -i csv -t csv --on-error skip -e '' torn.csv
expect "E12 torn in a quote: exit code" 0 "$code"
expect "E12 torn in a quote" "a,b
1,x" "$out"

# E14: odd headers, twenty thousand columns.
printf 'a,a,,b\n1,2,3,4\n' >odd.csv
try "$weir" run -q -i csv -t json -e '' odd.csv
expect "E14 equal and empty names" '{"a":1,"a_2":2,"c3":3,"b":4}' "$out"
awk 'BEGIN { for (r = 0; r < 4; r++) { for (i = 0; i < 20000; i++) printf "%s%d,", r ? "" : "c", i; print r ? 9 : "z" } }' >wide.csv
try "$weir" run -q -i csv -t csv -o wide.out -e '' wide.csv
expect "E14 twenty thousand columns: exit code" "0 " "$code $err"
cmp -s wide.csv wide.out || expect "E14 twenty thousand columns" same another

# E11: fifty thousand fields and a key of a mebibyte.
awk 'BEGIN { printf "{"; for (i = 0; i < 50000; i++) printf "%s\"k%d\":%d", i ? "," : "", i, i; print "}" }' >fields
try "$weir" run -q -i json -t json -o fields.out -e '' fields
expect "E11 fifty thousand fields: exit code" "0 " "$code $err"
cmp -s fields fields.out || expect "E11 fifty thousand fields" same another
{ printf '{"' && head -c 1048576 /dev/zero | tr '\0' k && echo '":1,"a.b":2,"a":{"b":3}}'; } >key
try "$weir" run -q -i json -t json -e '[[transform]]
op = "map"
columns = { dotted = "`a.b`" }' key
expect "E11 a key of a mebibyte, and a column a.b before the path" '{"dotted":2}' "$out"

# E16: patterns that take others' engines for ever.
{ head -c 1000000 /dev/zero | tr '\0' a && echo b; } >aaa
for pattern in '(a+)+$' '(x+x+)+y' '((a*)*)*c' '(a|aa)+$' '(.*)*x' 'a{1,30}{1,30}c'; do
  try timeout 20 "$weir" run -q -i text -t text -e "[[transform]]
op = 'map'
columns = { m = \"REGEXP(line, '$pattern')\" }" aaa
  case $code in
    0) expect "E16 $pattern" FALSE "$out" ;;
    *) expect "E16 $pattern is refused" 2 "$code" ;;
  esac
done
try timeout 20 "$weir" run -q -i text -t text -e "[[transform]]
op = 'map'
columns = { m = \"line LIKE '%a%a%a%a%a%a%a%a%c'\" }" aaa
expect "E16 LIKE" "0 FALSE" "$code $out"

# E18: what is written reads back the same, over formats.
cat >values <<'END'
{"n":1,"s":"plain","d":1.5,"b":true}
{"n":null,"s":"","d":-0.0,"b":false}
{"n":-9223372036854775808,"s":"a,\"b\"\nc\td\\e\r","d":1e-300,"b":null}
{"n":3,"s":" NULL ","d":0.1,"b":true}
{"n":4,"s":"=1+1;#x'\u0000\u001b[0m\u00e9\ud83d\ude00","d":9007199254740993.0,"b":true}
END
schema='[source.schema]
n = "BIGINT"
s = "STRING"
d = "DOUBLE"
b = "BOOLEAN"'
try "$weir" run -q -i json -t json -e "$schema" values
cp out.txt first.json
for format in json csv tsv logfmt; do
  try "$weir" run -q -i json -t "$format" -o "trip.$format" --overwrite -e "$schema" first.json
  try "$weir" run -q -i "$format" -t json -e "$schema" "trip.$format"
  expect "E18 through $format: exit code" "0 " "$code $err"
  expect "E18 through $format" "$(cat first.json)" "$out"
done

# E19: a value with control bytes does not reach the terminal through a message.
printf 'x\033[31m\007red\n' >ansi
try "$weir" run -i json -t csv --on-error skip -e '' ansi
case $err in *"$(printf '\033')"*) expect "E19 messages" "no escape sequence" "$err" ;; esac
holds "E19 it is shown" "$err" 'x\x1b[31m'

# E20: a hundred thousand bad records are told shortly, and kept all.
yes bad | head -n 100000 >flood
try "$weir" run -i json -t csv --on-error skip -e '' flood
expect "E20 exit code" 0 "$code"
[ "$(printf '%s\n' "$err" | wc -l)" -lt 40 ] || expect "E20 messages" "a few" "$(printf '%s\n' "$err" | wc -l)"
holds "E20 the count" "$err" "100,000 bad"
rm -f dead.json
try "$weir" run -q -i json -t csv --dead-letter dead.json -e '' flood
expect "E20 dead letters" 100000 "$(wc -l <dead.json)"

# D5: names that say something else, compressed twice, nothing compressed.
printf 'a\nb\n' >plain.gz
try "$weir" run -q -i text -t text -e '' plain.gz
expect "D5 a plain file named .gz" "a
b" "$out"
printf 'a\nb\n' | gzip -c >zipped.txt
try "$weir" run -q -i text -t text -e '' zipped.txt
expect "D5 gzip named .txt" "a
b" "$out"
gzip -c zipped.txt >twice.gz
try "$weir" run -q -i json -t text -e '' twice.gz
expect "D5 compressed twice is no JSON" 3 "$code"
gzip -c </dev/null >nothing.gz
try "$weir" run -q -i text -t text -e '' nothing.gz
expect "D5 nothing, compressed" "0 " "$code $out"

finish
