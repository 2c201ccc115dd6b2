. "$(dirname "$0")/lib.sh"

# F8: followed files side by side, each with a time of its own as long as it is behind.
cat >job.toml <<'END'
[source]
path = "logs/*.csv"
follow = true
format = { name = "csv", columns = ["t", "k"], header = false }
[source.schema]
t = "TIMESTAMP_LTZ(3)"
k = "STRING"
[source.event_time]
column = "t"
[window]
type = "tumbling"
size = "1m"
key_by = ["k"]
aggregate = { n = "COUNT(*)" }
[sink]
type = "stdout"
format = { name = "csv", header = false }
END
# rows FILE MINUTE...: one each ten seconds of these minutes.
rows() {
  file=$1
  shift
  for minute in "$@"; do
    for second in 00 10 20 30 40 50; do
      printf '2024-01-31T10:%s:%sZ,%s\n' "$minute" "$second" "$file"
    done
  done >>"logs/$file.csv"
}
begin() {
  rm -rf logs
  mkdir logs
  : >result.txt
}
follow() {
  "$weir" run job.toml "$@" >result.txt 2>err.txt &
  follower=$!
}
# waits LINES: until so many results are there.
waits() {
  tries=0
  while [ "$(wc -l <result.txt)" -lt "$1" ] && [ $tries -lt 300 ]; do
    sleep 0.1
    tries=$((tries + 1))
  done
}
leave() {
  kill -TERM $follower
  wait $follower
}
result() { sed 's/2024-01-31 //g; s/:00\.000//g' result.txt; }
late() { grep -o '[0-9]* late' err.txt; }

# What the second has to say of the first minutes comes when the first has been read to its end.
begin
rows a 01 02 03
rows b 01 02 03
follow
waits 4
expect "files that are there wait for each other" "10:01,10:02,a,6
10:01,10:02,b,6
10:02,10:03,a,6
10:02,10:03,b,6" "$(result)"
# Read to their ends, neither waits for the other: one of them goes on alone.
rows a 04 05
waits 6
expect "a file that has caught up holds nothing back" "10:03,10:04,a,6
10:03,10:04,b,6
10:04,10:05,a,6" "$(result | tail -n +5)"
leave
expect "nothing was late" "" "$(late)"

# Small blocks: each file comes in many of them, and says at its last that it has caught up.
begin
rows a 01 02 03
rows b 01 02 03
follow --set runtime.block_size=64B
waits 4
expect "in small blocks too" "10:01,10:02,a,6
10:01,10:02,b,6
10:02,10:03,a,6
10:02,10:03,b,6" "$(result)"
leave
expect "nothing was late in small blocks" "" "$(late)"

# An empty file, and one that holds but the beginning of a record, are not waited for.
begin
: >logs/a-empty.csv
printf '2024-01-31T10:0' >logs/b-begun.csv
rows c 01 02
follow
waits 1
expect "files without a record hold nothing back" "10:01,10:02,c,6" "$(result)"
# The record that was begun is late by what has gone on meanwhile, and says so.
printf '0:00Z,b\n' >>logs/b-begun.csv
rows c 03
waits 2
leave
expect "the others went on" "10:02,10:03,c,6" "$(result | tail -n +2)"
expect "a record that comes too late is told" "1 late" "$(late)"

# With a timeout a file holds the others back for so long, though it has been read to its end.
begin
rows a 01 02
rows b 01
follow --set source.event_time.idle_timeout=2s
sleep 1
expect "not yet" "" "$(result)"
sleep 2
rows a 03
waits 3
expect "when the timeout has passed" "10:01,10:02,a,6
10:01,10:02,b,6
10:02,10:03,a,6" "$(result)"
leave

# A file that is rotated away holds nothing back, nor does its successor.
begin
rows a 01 02
follow --set source.rotate_wait=1s
waits 1
mv logs/a.csv a.old
rows a 03 04
waits 3
expect "rotated" "10:01,10:02,a,6
10:02,10:03,a,6
10:03,10:04,a,6" "$(result)"
leave
expect "nothing was late over a rotation" "" "$(late)"

finish
