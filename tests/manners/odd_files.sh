# Files that are odd: holes, links, devices, names, equal heads (RELIABILITY: C5 C8 C11 C12 C15 C17, L2 L3 L5).
. "$(dirname "$0")/lib.sh"

count='[[transform]]
op = "aggregate"
aggregate = { n = "COUNT(*)" }'

# C5: a writer without O_APPEND goes on behind a truncation: a hole of NULs, and rows behind it.
printf '{"n":1}\n' >hole
truncate -s 50M hole
printf '{"n":2}\n{"n":3}\n' >>hole
try timeout 60 "$weir" run -q -i json -t csv -e '[source.schema]
n = "INT"' hole
expect "C5, rows behind a hole of 50 MB" "n
1
2
3" "$out"
truncate -s 1G hole # a longer one than a record may be: damage, told with its place, in no time
printf '{"n":4}\n' >>hole
before=$(date +%s)
try timeout 60 "$weir" run -q -i json -t csv -e '[source.schema]
n = "INT"' hole
expect "C5, a hole of 1 GB" 3 "$code"
holds "C5, a hole of 1 GB is told" "$err" "longer than"
[ $(($(date +%s) - before)) -lt 30 ] || expect "C5, a hole takes not long" "30 s" "more"

# C5, followed: the hole appears while the file is read.
printf '{"n":1}\n' >followed
"$weir" run -q -F -i json -t json -e '[source.schema]
n = "INT"' followed >follow.txt 2>follow.err &
follower=$!
wait_lines() { for _ in $(seq 200); do [ "$(wc -l <follow.txt)" -ge "$1" ] && return; sleep 0.05; done; }
wait_lines 1
: >followed
sleep 0.5
truncate -s 100M followed
printf '{"n":2}\n' >>followed
wait_lines 2
kill -TERM $follower
wait $follower
expect "C5, rows behind a hole" '{"n":1}
{"n":2}' "$(cat follow.txt)"

# C8: 50 files with the same first 64 KiB.
mkdir same
awk 'BEGIN { for (i = 0; i < 2048; ++i) printf "%-31s\n", "# head" }' >head.txt
for i in $(seq 50); do { cat head.txt; echo "own $i"; } >same/$i.log; done
cat >same.toml <<'EOF'
[source]
path = "same/*.log"
format = "text"
[[transform]]
op = "filter"
where = "line LIKE 'own%'"
[sink]
path = "same.txt"
format = "text"
append = true
[checkpoint]
dir = "same-state"
EOF
try "$weir" run -q same.toml
expect "C8, the first run" 0 "$code"
for i in $(seq 50); do echo "own again $i" >>same/$i.log; done
try "$weir" run -q same.toml
expect "C8, every file read on, none mixed up" 100 "$(sort -u same.txt | wc -l)"
expect "C8, each row once" 100 "$(wc -l <same.txt)"

# C11: hard links, a link to another target, a loop.
mkdir links
printf 'one\n' >links/a.log
ln links/a.log links/b.log
cat >links.toml <<'EOF'
[source]
path = "links/*.log"
format = "text"
[sink]
path = "links.txt"
format = "text"
append = true
[checkpoint]
dir = "links-state"
EOF
try "$weir" run -q links.toml
expect "C11, a hard link: the exit code" 0 "$code"
expect "C11, a hard link is the same file" one "$(cat links.txt)"
printf 'first\n' >t1
printf 'second\n' >t2
ln -s t1 target
try "$weir" run -q -i text -t text -e '' target
expect "C11, a link" first "$out"
ln -sf t2 target
try "$weir" run -q -i text -t text -e '' target
expect "C11, a link to another target" second "$out"
ln -s loop2 loop1
ln -s loop1 loop2
try "$weir" run -q -i text -t text -e '' loop1
expect "C11, a loop" 1 "$code"
holds "C11, a loop is told" "$err" "symbolic links"

# C12: a FIFO, a socket, devices, /proc.
mkfifo fifo
printf 'through\n' >fifo &
try timeout 10 "$weir" run -q -i text -t text -e '' fifo
expect "C12, a FIFO" through "$out"
try timeout 10 "$weir" run -q -i text -t text --limit 1 -e '' /proc/self/status
holds "C12, a file of /proc" "$out" "Name:"
try timeout 20 "$weir" run -q -i text -t text -e '' /dev/zero
expect "C12, /dev/zero ends: a record without an end is too long" 3 "$code"
holds "C12, /dev/zero is told" "$err" "is longer than"
try timeout 10 "$weir" run -q -i text -t text -e '' /dev/null
expect "C12, /dev/null" "0 " "$code $out"
if command -v python3 >/dev/null; then
  python3 -c "import socket; socket.socket(socket.AF_UNIX).bind('sock')"
  try timeout 10 "$weir" run -q -i text -t text -e '' sock
  expect "C12, a socket" 1 "$code"
  holds "C12, a socket is told" "$err" "sock"
fi

# C15: more files than descriptors, and a second run over them.
mkdir many
seq 10000 | (cd many && split -l 1 -a 4 -d - f)
cat >many.toml <<'EOF'
[source]
path = "many/*"
format = "text"
[sink]
path = "many.txt"
format = "text"
append = true
[checkpoint]
dir = "many-state"
EOF
(ulimit -n 256 && "$weir" run -q many.toml >out.txt 2>&1)
expect "C15, 10,000 files with 256 descriptors" "0 " "$? $(cat out.txt)"
expect "C15, all rows" "10000 50005000" "$(awk '{ n++; s += $1 } END { printf "%d %d", n, s }' many.txt)"
echo 1 >>many/f5000
(ulimit -n 256 && "$weir" run -q many.toml >out.txt 2>&1)
expect "C15, the second run" "10001 50005001" "$(awk '{ n++; s += $1 } END { printf "%d %d", n, s }' many.txt)"

# C17: names that are no UTF-8, with a line end, of 255 bytes; the state keeps them.
mkdir names
long=$(printf '%0251d' 0)
printf 'latin\n' >"names/$(printf 'caf\351').log"
printf 'line end\n' >"names/a
b.log"
printf 'long\n' >"names/$long.log"
printf 'glob\n' >'names/[x]*?.log'
cat >names.toml <<'EOF'
[source]
path = "names/*.log"
format = "text"
[sink]
path = "names.txt"
format = "text"
append = true
[checkpoint]
dir = "names-state"
EOF
try "$weir" run -q names.toml
expect "C17, the first run" 0 "$code"
for f in names/*; do printf 'more\n' >>"$f"; done
try "$weir" run -q names.toml
expect "C17, read on by their names" "glob
latin
line end
long
more
more
more
more" "$(sort names.txt)"

# L2: a link planted where output, its temporary file or the state goes.
printf 'precious\n' >victim
ln -s victim planted.json
printf '{"a":1}\n' >in.json
try "$weir" run -q -i json -e '' -o planted.json in.json
expect "L2, a link as output" "2 precious" "$code $(cat victim)"
holds "L2, a link is told" "$err" "the output planted.json is a symbolic link"
holds "L2, and where it leads" "$err" "name the file itself: victim"
printf '[source]\npath = "in.json"\n[sink]\npath = "planted.json"\n' >planted.toml
try "$weir" run -q planted.toml
holds "L2, a link is told with its place" "$err" "planted.toml:4:9"
try "$weir" run -q -i json -e '' -o planted.json --overwrite in.json
expect "L2, not with --overwrite either" "2 precious" "$code $(cat victim)"
try "$weir" run -q -i json -e '[sink]
path = "planted.json"
append = true' in.json
expect "L2, nor appended to" "2 precious" "$code $(cat victim)"
ln -sf nothing planted.json
try "$weir" run -q -i json -e '' -o planted.json in.json
expect "L2, a link to nothing" "2 no" "$code $([ -e nothing ] && echo yes || echo no)"
printf '{"a":1}\nno json\n' >bad.json
try "$weir" run -q -i json -e '' --dead-letter planted.json bad.json
expect "L2, nor do dead letters go through it" "2 no" "$code $([ -e nothing ] && echo yes || echo no)"
# With checkpoints, and a link that appears between two runs.
printf '[source]\npath = "in.json"\n[sink]\npath = "kept.json"\nappend = true\n[checkpoint]\ndir = "kept-state"\n' >kept.toml
try "$weir" run -q kept.toml
expect "L2, the first run" 0 "$code"
mv kept.json real.json
ln -s real.json kept.json
try "$weir" run -q kept.toml
expect "L2, a link between two runs" 2 "$code"
expect "L2, what it leads to is as it was" '{"a":1}' "$(cat real.json)"
# A database likewise.
ln -s victim planted.db
try "$weir" run -q -i json -e '[sink]
type = "sqlite"
path = "planted.db"
table = "t"
create = true' in.json
expect "L2, a link as database" "2 precious" "$code $(cat victim)"
holds "L2, a link as database is told" "$err" "planted.db is a symbolic link"
# Links of the system, to devices and pipes, are what they lead to.
try "$weir" run -q -i json -e '' -o /dev/stdout in.json
expect "L2, /dev/stdout" '0 {"a":1}' "$code $out"
expect "L2, /dev/stderr" '{"a":1}' "$("$weir" run -q -i json -e '' -o /dev/stderr in.json 2>&1 >elsewhere.txt | cat)"
expect "L2, /dev/fd/5" '{"a":1}' "$("$weir" run -q -i json -e '' -o /dev/fd/5 in.json 5>&1 | cat)"
ln -s /dev/null sink-hole
try "$weir" run -q -i json -e '' -o sink-hole in.json
expect "L2, a link to a device" 0 "$code"
# The state and temporary files follow no link.
mkdir elsewhere linked-state
ln -s ../elsewhere/planted linked-state/LOCK
cat >linked.toml <<'EOF'
[source]
path = "in.json"
[sink]
path = "linked.json"
append = true
[checkpoint]
dir = "linked-state"
EOF
try "$weir" run -q linked.toml
expect "L2, a link in the state's folder is not followed" "" "$(ls elsewhere)"
[ "$code" != 0 ] || expect "L2, and the run ends" "an error" 0

# L3: the state is the user's alone under any umask.
for mask in 000 077; do
  rm -rf modes.json modes-state
  cat >modes.toml <<'EOF'
[source]
path = "in.json"
[sink]
path = "modes.json"
append = true
[checkpoint]
dir = "modes-state"
EOF
  (umask $mask && "$weir" run -q modes.toml)
  expect "L3, the state's folder, umask $mask" 700 "$(stat -c %a modes-state)"
  expect "L3, files that others may change, umask $mask" "" "$(find modes-state -type f -perm /022)"
done

# L5: the output is an input, by another name too.
ln in.json same.json
try "$weir" run -q -i json -e '' -o same.json --overwrite in.json
expect "L5, an input by a hard link" "2" "$code"
expect "L5, the input is untouched" '{"a":1}' "$(cat in.json)"
finish
