# A small memory of a group, a busy machine, another program in the middle (RELIABILITY: B18 G11 M7).
. "$(dirname "$0")/lib.sh"

# One row for each of so many keys, and their sum.
awk 'BEGIN { for (i = 0; i < 600000; ++i) printf "key-%d,%d\n", i * 7919 % 300000, i }' >rows.csv
cat >keys.toml <<'END'
[source]
path = "rows.csv"
format = { name = "csv", header = false }
schema = { k = "STRING", n = "BIGINT" }
[[transform]]
op = "aggregate"
key_by = ["k"]
aggregate = { s = "SUM(n)" }
[sink]
path = "sums.csv"
overwrite = true
END

# B18: within a memory cgroup the run ends well, or with 6 and a message; the kernel does not kill it.
group=""
for parent in "/sys/fs/cgroup/memory$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)" "/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)"; do
  mkdir "$parent/weir-test-$$" 2>/dev/null || continue
  for limit in memory.limit_in_bytes memory.max; do
    [ -e "$parent/weir-test-$$/$limit" ] && group="$parent/weir-test-$$"
    echo 64M 2>/dev/null >"$parent/weir-test-$$/$limit" || true
  done
  [ -z "$group" ] || break
  rmdir "$parent/weir-test-$$"
done
if [ -n "${WEIR_SANITIZED:-}" ]; then
  echo "B18 was not tried: a sanitizer takes more memory"
elif [ -n "$group" ]; then
  try sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' sh "$group" "$weir" run -q keys.toml
  case $code in
    0) expect "B18, all keys" 300000 "$(($(wc -l <sums.csv) - 1))" ;;
    6) holds "B18, no memory left is told" "$err" "memory" ;;
    *) expect "B18, 64 MiB by a cgroup" "0, or 6 and a message" "$code $err" ;;
  esac
else
  echo "B18 was not tried: no memory cgroup can be made here"
fi
[ -z "$group" ] || rmdir "$group" 2>/dev/null

# G11: the same rows with the machine busy in all ways.
try "$weir" run -q keys.toml
expect "G11, quiet" "0 " "$code $err"
mv sums.csv quiet.csv
busy=""
for i in 1 2 3 4; do
  (while :; do :; done) &
  busy="$busy $!"
done
(while :; do dd if=/dev/zero of=filler bs=1M count=20 conv=fsync 2>/dev/null; done) &
busy="$busy $!"
try timeout 120 "$weir" run -q keys.toml -p 4
# shellcheck disable=SC2086
kill $busy
wait
expect "G11, busy" "0 " "$code $err"
cmp quiet.csv sums.csv || expect "G11, the same bytes" "the same" "others"

# M7: the program's file is replaced while it runs; the next run is by the new one.
cp "$weir" program
printf '{"n":1}\n' >in.json
cat >upgrade.toml <<'END'
[source]
path = "in.json"
follow = true
[sink]
path = "out.json"
append = true
[checkpoint]
dir = "state"
interval = "100ms"
END
came() { for _ in $(seq 200); do [ "$(wc -l 2>/dev/null <out.json)" = "$1" ] && break; sleep 0.05; done; }
./program run -q upgrade.toml 2>err.txt &
pid=$!
came 1
cp "$weir" newer
mv newer program
printf '{"n":2}\n' >>in.json
came 2
kill -TERM $pid
wait $pid
expect "M7, the old program goes on and ends well" "0 " "$? $(cat err.txt)"
printf '{"n":3}\n' >>in.json
./program run -q upgrade.toml 2>err.txt &
pid=$!
came 3
kill -TERM $pid
wait $pid
expect "M7, the new one" "0 " "$? $(cat err.txt)"
expect "M7, each row once" '{"n":1}
{"n":2}
{"n":3}' "$(cat out.json)"
finish
