# The postgres sink and source against a real server:  sh tests/integration/postgres.sh WEIR TESTDATA
#
# Skipped, saying why, where server.sh finds none.
. "$(dirname "$0")/../manners/lib.sh"
. "$here/../integration/server.sh"

run() { "$weir" run -q "$@" >out.txt 2>err.txt; }

# Append: types, hostile values (K1), names (K2).
cat >in.json <<'EOF'
{"id":1,"na\"me":"'; DROP TABLE t; --","x":1.5,"ok":true,"at":"2024-01-31 10:00:00.250","list":[1,null],"d":"12.30"}
{"id":2,"na\"me":"tab\t back\\slash \"q\" \n line","x":null,"ok":false,"at":null,"list":null,"d":null}
EOF
cat >append.toml <<EOF
[source]
path = "in.json"
[source.schema]
id = "BIGINT"
"na\"me" = "STRING"
x = "DOUBLE"
ok = "BOOLEAN"
at = "TIMESTAMP(3)"
list = "ARRAY<INT>"
d = "DECIMAL(10, 2)"
[sink]
type = "postgres"
url = "$url"
table = "sel;ect"
create = true
EOF
run append.toml
expect "append" 0 $?
expect "append, types" "1|t|2024-01-31 10:00:00.25|[1, null]|12.30|1.5
2|f||||" "$(sql 'SELECT id, ok, at, list, d, x FROM "sel;ect" ORDER BY id')"
expect "K1, hostile values" "'; DROP TABLE t; --
tab	 back\\slash \"q\" 
 line" "$(sql 'SELECT "na""me" FROM "sel;ect" ORDER BY id')"
run -e "[source]
type = 'postgres'
url = '$url'
query = 'SELECT id, x, ok, at, d FROM \"sel;ect\" ORDER BY id'"
expect "source" '{"id":1,"x":1.5,"ok":true,"at":"2024-01-31 10:00:00.250000","d":12.30}
{"id":2,"x":null,"ok":false,"at":null,"d":null}' "$(cat out.txt)"

# K1: values that look like what COPY and SQL are made of, byte for byte; K2: names that do.
if command -v python3 >/dev/null; then
  python3 - >hostile.json <<'EOF'
import json
values = ["", " ", "\\N", "\\\\N", "\\.", "NULL", "null", "\t", "\n", "\r\n", "\\", "\\\\", "\\n", "\\x41", "\\101", "'", "''",
          "'; DROP TABLE hostile; --", "\"", "\"\"", "$1", "$$", "$tag$x$tag$", "%s%n", "{}", "{1,2}", "(1)", "E'\\n'",
          "\u00e4\u00f6", "\u202e", "\ufeff", "\U0001f600", "a\tb\nc\\d", "/* */", "--", ";", "COPY hostile FROM STDIN;",
          "\\copy x", "\u0001\u0002\u007f", "\u2028", "NaN", "Infinity", "-0", "1e400", "x" * 100000,
          "'" * 1000, "\\" * 1001, "\n" * 1000, "ends with \\", "{\"a\": \"b\\"]
assert len(values) == 50
for i, v in enumerate(values):
    print(json.dumps({"id": i, "v": v}))
EOF
  for mode in append upsert; do
    run -e "
[source]
path = 'hostile.json'
schema = { id = 'BIGINT', v = 'STRING' }
[sink]
type = 'postgres'
url = '$url'
table = 'hostile_$mode'
mode = '$mode'
$([ $mode = upsert ] && echo "key = 'id'")
create = true"
    expect "K1, $mode" "0 " "$? $(cat err.txt)"
    sql "SELECT encode(convert_to(v, 'UTF8'), 'hex') FROM hostile_$mode ORDER BY id" | tr -d '\n' >stored.txt
    python3 -c "
import json
for line in open('hostile.json'): print(json.loads(line)['v'].encode().hex(), end='')" >wanted.txt
    cmp wanted.txt stored.txt || expect "K1, 50 values by $mode" "the same bytes" "others"
  done
fi
sql 'CREATE TABLE precious (n int)' >/dev/null
for name in 'a\"; DROP TABLE precious; --' 'select' "it's" 'x\\y' '$1' 'Ünï çode' 'a.b.c'; do
  run -e "
[source]
type = 'collection'
rows = [[1]]
schema = { \"$name\" = 'INT' }
[sink]
type = 'postgres'
url = '$url'
table = \"$name\"
create = true"
  code=$?
  case $code in 0 | 1 | 2) ;; *) expect "K2, the name $name" "stored or refused" "$code $(cat err.txt)" ;; esac
done
expect "K2, no other statement ran" 0 "$(sql 'SELECT count(*) FROM precious')"
expect "K2, names as they are" "1" "$(sql 'SELECT "a""; DROP TABLE precious; --" FROM "a""; DROP TABLE precious; --"')"

# Upsert of a changelog: the newest row of each key, once.
cat >upsert.toml <<EOF
[source]
type = "collection"
rows = [[1, "a"], [2, "b"], [1, "c"], [1, "d"]]
schema = { id = "BIGINT", v = "STRING" }
[sink]
type = "postgres"
url = "$url"
table = "public.newest"
mode = "upsert"
key = "id"
create = true
EOF
run upsert.toml && run upsert.toml
expect "upsert" "1|d
2|b" "$(sql 'SELECT * FROM newest ORDER BY id')"

# K3, K8: values that the database refuses are set aside, alone.
sql 'CREATE TABLE strict (id bigint UNIQUE, v text NOT NULL)' >/dev/null
cat >strict.toml <<EOF
on_error = "fail"
[source]
type = "collection"
rows = [[1, "a"], [1, "again"], [2, "nul\\u0000"], [3, "c"]]
schema = { id = "BIGINT", v = "STRING" }
[sink]
type = "postgres"
url = "$url"
table = "strict"
EOF
run strict.toml
expect "K8, fail" 3 $?
expect "K8, nothing of the batch" 0 "$(sql 'SELECT count(*) FROM strict')"
run strict.toml --dead-letter bad.json --on-error skip
expect "K8, skip" 0 $?
expect "K8, the others" "1|a
3|c" "$(sql 'SELECT * FROM strict ORDER BY id')"
expect "K8, set aside" 2 "$(wc -l <bad.json)"
holds "K8, why" "$(cat bad.json)" 'duplicate key value violates unique constraint'
holds "K3, why" "$(cat bad.json)" 'U+0000'

# J12's cousin: errors say what is wrong, and no password.
"$weir" run -q append.toml --set "sink.url=\"postgres://nobody:hush@/postgres?host=$base\"" >out.txt 2>err.txt
expect "no such role" 1 $?
holds "no such role" "$(cat err.txt)" 'does not exist'
case $(cat err.txt) in *hush*) expect "no password in messages" "" "hush" ;; esac
run append.toml --set 'sink.table="nothere"' --set sink.create=false
holds "no table" "$(cat err.txt)" 'create = true makes the table'

# Exactly once: kills of the run (A5) and of the server (K6) at odd times.
rows=100000
seq "$rows" | sed 's/.*/{"n":&}/' >numbers.json
cat >once.toml <<EOF
name = "once"
[source]
path = "numbers.json"
schema = { n = "BIGINT" }
[sink]
type = "postgres"
url = "$url"
table = "once"
create = true
timeout = "20s"
[checkpoint]
dir = "state"
interval = "1ms"
[runtime]
block_size = "1KB"
EOF
kills=0
for i in $(seq 12); do
  "$weir" run -q once.toml >out.txt 2>err.txt &
  pid=$!
  sleep "0.$(printf '%02d' $((i * 7 % 30)))"
  if [ $((i % 4)) = 0 ]; then
    stop_server KILL
    start_server
  fi
  if kill -9 "$pid" 2>/dev/null; then kills=$((kills + 1)); fi
  wait "$pid" 2>/dev/null
done
stop_server INT
"$weir" run -q once.toml >out.txt 2>err.txt &
pid=$!
sleep 0.3
start_server
wait "$pid"
expect "the last run waits for its server" 0 $?
expect "A5 K6, each row once" "$rows|$rows|$((rows * (rows + 1) / 2))" \
  "$(sql 'SELECT count(*), count(DISTINCT n), sum(n) FROM once')"
[ "$kills" -gt 3 ] || expect "runs that could be killed" "more than 3" "$kills"
finish
