. "$(dirname "$0")/lib.sh"

# G6: ten million sessions are open, in less memory than they need, and all close at once. SESSIONS: another number.
sessions=${SESSIONS:-10000000}
cat >job.toml <<END
[source]
type = "datagen"
rows = $sessions
fields = { id = { kind = "sequence", start = 0 }, at = { kind = "sequence", start = "2024-01-31T00:00:00Z", step = "1ms" } }
schema = { id = "BIGINT", at = "TIMESTAMP_LTZ(3)" }
[source.event_time]
column = "at"
[window]
type = "session"
gap = "1d"
key_by = ["id"]
aggregate = { n = "COUNT(*)" }
[sink]
path = "out.csv"
[runtime]
memory_limit = "$((sessions / 20000 + 100))MB"
END
try "$weir" run job.toml
expect "exit code" 0 "$code"
holds "all in, all out" "$err" "$(printf '%s' "$sessions" | sed ':a; s/\([0-9]\)\([0-9]\{3\}\)\($\|,\)/\1,\2\3/; ta') out"
# Every key once, with one record each: their sum says so where the number of lines and the largest are right.
expect "every session once" "$sessions $((sessions - 1)) $((sessions * (sessions - 1) / 2)) 1 1" "$(tail -n +2 out.csv |
  awk -F, '{ n++; s += $3; if ($3 > m) m = $3; if (n == 1 || $4 < low) low = $4; if ($4 > high) high = $4 }
    END { printf "%.0f %.0f %.0f %.0f %.0f", n, m, s, low, high }')"
finish
