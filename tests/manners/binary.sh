# Formats that are no text: MessagePack and Avro through files, pipes and sockets. (Golden cases are text.)
. "$(dirname "$0")/lib.sh"

port=$((20000 + $$ % 20000))
cat >rows.json <<'EOF'
{"id":1,"name":"a\nb","x":1.5,"ok":true,"tags":["x",null],"at":{"city":"Oslo","n":300}}
{"id":-200,"name":null,"x":2.5,"ok":false,"tags":[],"at":{"city":"Rom","n":null}}
EOF
"$weir" run -q -e '' -i json -t msgpack rows.json >rows.msgpack
try "$weir" run -q -e '' -i msgpack -t json rows.msgpack
expect "what is written is read back" "$(cat rows.json)" "$out"
printf '\203\242id\1\241b\304\2\0\377\241t\326\377\145\123\361\0' >given
try "$weir" run -q -e '' -i msgpack -t json given
expect "integers, bytes, a timestamp" '{"id":1,"b":"AP8=","t":"2023-11-14 22:13:20.000000Z"}' "$out"
try "$weir" run -q -e '' -i msgpack -t msgpack given
cmp -s given out.txt || expect "the same bytes" "$(od -c given)" "$(od -c out.txt)"
try "$weir" run -q -e '' -t json rows.msgpack
expect "the format is found out" "$(cat rows.json)" "$out"

# The same rows whatever the blocks are, from files and from pipes.
awk 'BEGIN { for (i = 0; i < 20000; ++i) printf "{\"id\":%d,\"s\":\"row %d\"}\n", i, i % 97 }' >many.json
"$weir" run -q -e '' -i json -t msgpack many.json >many.msgpack
for block in 1B 1KB 128KB; do
  try "$weir" run -q -e '' -i msgpack -t json --set "runtime.block_size='$block'" many.msgpack
  cmp -s many.json out.txt || expect "blocks of $block" "the rows" "others"
  "$weir" run -q -e '' -i msgpack -t json --set "runtime.block_size='$block'" <many.msgpack >out.txt
  cmp -s many.json out.txt || expect "blocks of $block, a pipe" "the rows" "others"
done

# A query may hold any bytes, a pipeline file may not.
try "$weir" sql --emit-toml "$(printf "SELECT '\377' AS x")"
expect "bytes that are no UTF-8 are not printed as TOML" 2 "$code"
holds "and it says why" "$err" "not UTF-8"

# Damage stands behind the good records, with its place.
size=$(wc -c <rows.msgpack)
{ cat rows.msgpack; printf '\301'; } >damaged
try "$weir" run -q -e '' -i msgpack -t json damaged
expect "damage, the exit code" 3 "$code"
expect "damage, the good records" "$(cat rows.json)" "$out"
holds "damage, its place" "$err" "damaged: byte $size"
head -c "$((size - 3))" rows.msgpack >cut
try "$weir" run -q -e '' -i msgpack -t json cut
expect "cut, the exit code" 3 "$code"
expect "cut, the good records" "$(head -n 1 rows.json)" "$out"
holds "cut, why" "$err" "ends within a record"
{ printf '\7'; cat rows.msgpack; } >odd
try "$weir" run -q -e '' -i msgpack -t json --on-error skip --dead-letter bad.json odd
expect "a record that is no map is set aside" "$(cat rows.json)" "$out"
holds "with its reason" "$(cat bad.json)" "a record is a map"

# Checkpoints: what is added is read by the next run, a half record when it is whole.
cat >resume.toml <<'EOF'
[source]
path = "grows"
format = "msgpack"
schema = { id = "BIGINT", name = "STRING" }
[sink]
path = "grown.json"
append = true
[checkpoint]
dir = "state"
EOF
head -c "$((size - 3))" rows.msgpack >grows
try "$weir" run -q resume.toml
expect "resume, the first run" 0 "$code"
tail -c 3 rows.msgpack >>grows
cat rows.msgpack >>grows
try "$weir" run -q resume.toml
expect "resume, the second" 0 "$code"
expect "resume, each record once" '{"id":1,"name":"a\nb"}
{"id":-200,"name":null}
{"id":1,"name":"a\nb"}
{"id":-200,"name":null}' "$(cat grown.json)"

# Over a socket.
cat >receive.toml <<EOF
[source]
url = "tcp:$port"
until_closed = true
format = "msgpack"
schema = { id = "BIGINT" }
[[transform]]
op = "aggregate"
aggregate = { n = "COUNT(*)", s = "SUM(id)" }
[sink]
format = "csv"
EOF
"$weir" run -q -e '' -i msgpack -t msgpack -o "tcp:$port" many.msgpack &
sender=$!
try "$weir" run -q receive.toml
expect "over a socket" "n,s
20000,199990000" "$out"
wait $sender

# Avro: written, read, damaged, gone on with, and refused where there are no files.
for codec in null deflate zstandard bzip2 xz; do
  "$weir" run -q -i json -o rows.$codec.avro -e "[sink]
format = { name = 'avro', codec = '$codec' }" rows.json
  try "$weir" run -q -e '' -t json rows.$codec.avro
  expect "Avro, $codec" "$(cat rows.json)" "$out"
done
"$weir" run -q -i json -t avro -o many.avro -e '' many.json
for block in 1B 1KB 128KB; do
  try "$weir" run -q -e '' -t json --set "runtime.block_size='$block'" many.avro
  cmp -s many.json out.txt || expect "Avro, blocks of $block" "the rows" "others"
done
"$weir" run -q -e '' -t json - <many.avro >out.txt
cmp -s many.json out.txt || expect "Avro, a pipe" "the rows" "others"
size=$(wc -c <many.avro)
head -c "$((size - 5))" many.avro >cut.avro
try "$weir" run -q -e '' -t json cut.avro
expect "Avro, cut" 3 "$code"
holds "Avro, cut, why" "$err" "ends within a record"
head -n "$(wc -l <out.txt)" many.json | cmp -s - out.txt || expect "Avro, cut: good rows first" "rows" "others"
try "$weir" run -q -e '' -i avro -t json rows.json
holds "Avro, no such file" "$err" "no Avro object container file"
sed 's/deflate/snappy!/' rows.deflate.avro >snappy.avro
try "$weir" run -q -e '' -t json snappy.avro
holds "Avro, a codec" "$err" 'the codec `snappy!` of the Avro file is not read'
cat >avro.toml <<'EOF'
[source]
path = "log.avro"
schema = { id = "BIGINT" }
format = "avro"
[sink]
path = "log.txt"
format = "csv"
append = true
[checkpoint]
dir = "avro-state"
EOF
cp rows.deflate.avro log.avro
try "$weir" run -q avro.toml
"$weir" run -q -i json -o log.avro -e "[sink]
format = 'avro'
append = true" rows.json
try "$weir" run -q avro.toml
expect "Avro, rows that were added" "id
1
-200
1
-200" "$(cat log.txt)"
try "$weir" run -q -e "source = { url = 'tcp:$port', format = 'avro', schema = { n = 'INT' } }"
expect "Avro, no connection" 2 "$code"
finish
