. "$(dirname "$0")/lib.sh"
. "$here/spill_lib.sh"

# More keys than memory: what does not fit goes to the disk, and the result is the same.
awk 'BEGIN { print "k,t,n"
  for (i = 0; i < 60000; i++) printf "key-%0600d,%d,%d\n", (i * 7919) % 45000, i / 150, i % 100 }' >in.csv
rows_of 'n = "BIGINT"'
same aggregate 130MB 'transform = [{ op = "aggregate", key_by = ["k"], aggregate = { n = "COUNT(*)", s = "SUM(n)", l = "LISTAGG(CAST(n AS STRING))" } }]'
same "aggregate by arrival" 125MB 'transform = [{ op = "aggregate", order = "arrival", key_by = ["k"], aggregate = { n = "COUNT(*)", l = "LISTAGG(CAST(n AS STRING))" } }]' -p 1
same reduce 75MB 'transform = [{ op = "reduce", key_by = ["k"], reduce = { n = "a.n + b.n", t = "b.t" } }]'
same "reduce in rounds" 75MB 'transform = [{ op = "reduce", emit = "final", key_by = ["k"], reduce = { n = "a.n * 3 + b.n" } }]'
process='[[transform]]
op = "process"
key_by = ["k"]
[transform.state.count]
type = "BIGINT"
default = "0"
[transform.state.last]
kind = "list"
type = "BIGINT"
limit = 2
[[transform.rules]]
set = { count = "count + 1" }
append = { last = "n" }
timer = { quiet = { after = "250s" } }
emit = { k = "k", count = "count", last = "CAST(last AS STRING)", what = "'"'row'"'" }
[transform.on_timer.quiet]
emit = { k = "k", count = "count", last = "CAST(last AS STRING)", what = "'"'quiet'"'" }
clear = ["last"]'
same process 90MB "$process"

refused process 30MB "$process"
continued aggregate 150MB 'transform = [{ op = "aggregate", key_by = ["k"], aggregate = { n = "COUNT(*)", l = "LISTAGG(CAST(n AS STRING))" } }]' 20MB
continued reduce 150MB 'transform = [{ op = "reduce", key_by = ["k"], reduce = { n = "a.n + b.n" } }]' 20MB
continued process 150MB "$process" 20MB

finish
