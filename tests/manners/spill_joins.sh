. "$(dirname "$0")/lib.sh"
. "$here/spill_lib.sh"

# Joins whose rows are more than the memory: what does not fit goes to the disk, and the result is the same.
awk 'BEGIN { print "k,t,v"
  for (i = 0; i < 25000; i++) printf "key-%d,%d,%01500d\n", (i * 7919) % 25000, i / 25, i }' >l.csv
awk 'BEGIN { print "k,s,w"
  for (i = 0; i < 25000; i++) printf "key-%d,%d,%01500d\n", (i * 7717) % 26000, i / 25, i }' >r.csv
for side in l.t r.s; do
  name=${side%.*}
  cat <<END
[sources.$name]
path = "$name.csv"
format = "csv"
[sources.$name.event_time]
column = "${side#*.}"
format = "epoch_s"
END
done >source.toml
cat >>source.toml <<END
[sink]
path = "out.csv"
format = "print"
overwrite = true
END
# join OPTIONS
join() {
  printf 'transform = [{ inputs = ["l", "r"], on = ["k"], %s }]' "$1"
}
# The rows of both sides are about 80 MB; a third of this is for state.
memory=${MEMORY:-120MB}
full=$(join 'op = "join", join = "full"')
stream='mode = "streaming"
'$full
interval=$(join 'op = "join", join = "full", within = { lower = "-20s", upper = "800s" }')
temporal=$(join 'op = "temporal_join", join = "left"')
tumbling=$(join 'op = "window_join", join = "full", type = "tumbling", size = "2000s"')
session=$(join 'op = "window_join", join = "full", type = "session", gap = "700s"')
same "join of streams" "$memory" "$stream"
same "join" "$memory" "$full"
same "semi join" "$memory" "$(join 'op = "join", join = "semi", where = "v <> w"')"
same "interval join" "$memory" "$interval"
same "temporal join" "$memory" "$temporal"
same "window join" "$memory" "$tumbling"
same "sliding window join" "$memory" "$(join 'op = "window_join", type = "sliding", size = "1000s", slide = "500s"')"
same "session join" "$memory" "$session"

refused "join of streams" 80MB "$stream"
continued "join of streams" "$memory" "$stream" 40MB
continued "interval join" "$memory" "$interval" 40MB
continued "temporal join" "$memory" "$temporal" 40MB
continued "window join" "$memory" "$tumbling" 40MB
continued "session join" "$memory" "$session" 40MB

finish
