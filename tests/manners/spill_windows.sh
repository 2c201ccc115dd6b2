. "$(dirname "$0")/lib.sh"
. "$here/spill_lib.sh"

# Open windows beyond the memory: what does not fit goes to the disk, and the result is the same.
awk 'BEGIN { print "k,t,v"
  for (i = 0; i < 60000; i++) printf "key-%d,%d,%02500d\n", (i * 7919) % 45000, i / 150, i }' >in.csv
rows_of 'v = "STRING"'
# A third of it is for state, which is about 150 MB.
memory=210MB
window() {
  printf 'transform = [{ op = "window", key_by = ["k"], aggregate = { n = "COUNT(*)", l = "LISTAGG(v)" }, %s }]' "$1"
}
tumbling=$(window 'type = "tumbling", size = "1000s"')
sliding=$(window 'type = "sliding", size = "400s", slide = "200s"')
session=$(window 'type = "session", gap = "350s"')
count=$(window 'type = "count", size = 2, emit_partial = true')
same tumbling "$memory" "$tumbling"
same sliding "$memory" "$sliding"
same cumulate "$memory" "$(window 'type = "cumulate", size = "400s", step = "200s"')"
same session "$memory" "$session"
same count "$memory" "$count"
same "by a trigger" "$memory" "$(window 'type = "global", trigger = "end"')"
same "by the clock" "$memory" "$(window 'type = "tumbling", time = "processing", size = "9000h"')"
refused tumbling 120MB "$tumbling"
continued tumbling "$memory" "$tumbling" 110MB
continued sliding "$memory" "$sliding" 110MB
continued session "$memory" "$session" 110MB
continued count "$memory" "$count" 110MB

finish
