. "$(dirname "$0")/lib.sh"
. "$here/spill_lib.sh"

# Steps that keep something for each key, with more of it than memory: it goes to the disk, and the result is the same.
awk 'BEGIN { print "k,t,v"
  for (i = 0; i < 60000; i++) printf "key-%d,%d,%01500d\n", (i * 7919) % 45000, i / 150, i % 50000 }' >in.csv
rows_of 'v = "STRING"'
# A third of it is for state, which is 60 to 90 MB.
memory=140MB
stream='mode = "streaming"
sink.format = "print"'
all_wait="$stream
source.event_time.max_out_of_orderness = \"900s\""
# Behind them little is written out.
short='{ op = "map", columns = { k = "k", v = "SUBSTRING(v, 1490)", t = "t" } }'

distinct='{ op = "distinct", columns = ["v"] }'
last='{ op = "deduplicate", key_by = ["k"], keep = "last" }'
first='{ op = "deduplicate", key_by = ["k"] }'
same distinct "$memory" "transform = [$distinct, $short]"
same "deduplicate at once" "$memory" "transform = [{ op = \"deduplicate\", key_by = [\"v\"], order_by = \"k\" }, $short]"
same deduplicate "$memory" "transform = [$last, $short]"
same "deduplicate of a stream" "$memory" "$stream
transform = [$last, $short]"
same "deduplicate on the watermark" "$memory" "$all_wait
transform = [$first, $short]"
same intersect "$memory" '[[transform]]
name = "late"
op = "filter"
where = "t > 100"
[[transform]]
op = "intersect"
inputs = ["input", "late"]'
same aggregate "$memory" "$stream
transform = [{ op = \"aggregate\", key_by = [\"k\"], aggregate = { n = \"COUNT(*)\", v = \"MAX(v)\" } }, { op = \"map\", columns = { k = \"k\", n = \"n\", v = \"SUBSTRING(v, 1490)\" } }]"
same top "$memory" "$stream
transform = [{ op = \"top\", by = \"v DESC\", limit = 1, per = [\"k\"] }, $short]"
same "top of bounded input" "$memory" "transform = [{ op = \"top\", by = \"v DESC\", limit = 1, per = [\"k\"], rank = \"r\" }, $short]" -p 2
same over "$memory" "$stream
transform = [{ op = \"over\", partition_by = [\"k\"], frame = \"ROWS 1 PRECEDING\", columns = { m = \"MAX(v)\" } }, $short]"
same "over rows that wait" "$memory" "$all_wait
transform = [{ op = \"over\", partition_by = [\"k\"], frame = \"ROWS UNBOUNDED PRECEDING\", columns = { n = \"COUNT(*)\" } }, $short]"
same "over bounded input" "$memory" "transform = [{ op = \"over\", partition_by = [\"k\"], order_by = \"v\", columns = { n = \"ROW_NUMBER()\" } }, $short]"
match='{ op = "match", partition_by = ["k"], pattern = "A B?? C", define = { B = "t < 0" }, measures = { a = "SUBSTRING(A.v, 1490)", c = "SUBSTRING(C.v, 1490)" } }'
same match "$memory" "transform = [$match]"
same "match in a stream" "$memory" "$stream
transform = [$match]"
sort='{ op = "sort", by = "v DESC, t" }'
same sort "$memory" "transform = [$sort, $short]"
same "sort by four workers" "$memory" "transform = [$sort, $short]" -p 4

refused distinct 60MB "transform = [$distinct, $short]"
continued distinct "$memory" "transform = [$distinct, $short]" 60MB
continued deduplicate "$memory" "transform = [$last, $short]" 60MB
continued match "$memory" "transform = [$match]" 60MB
continued sort "$memory" "transform = [$sort, $short]" 60MB

finish
