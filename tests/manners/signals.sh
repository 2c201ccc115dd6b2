. "$(dirname "$0")/lib.sh"

mkfifo in
# start ARGS...: weir in the background over the pipe `in`, held open by descriptor 3. A script's background
# jobs ignore SIGINT, and weir leaves it so: they are stopped by SIGTERM.
start() {
  "$weir" "$@" <in >out.txt 2>err.txt &
  pid=$!
  exec 3>in
}
stop() {
  sleep 0.3
  kill -TERM "$pid"
  wait "$pid"
  code=$?
  exec 3>&-
}

# While weir waits for the head of the input to find out its format.
start run -e '' -
stop
expect "exit code when stopped before the first byte" 143 "$code"
expect "what is said then" "weir: interrupted" "$(cat err.txt)"

# While it waits for more.
start run -i text -t text -e '' -
echo one >&3
stop
expect "exit code when stopped at work" 143 "$code"
expect "what came is written" one "$(cat out.txt)"
holds "the closing line" "$(cat err.txt)" "weir: 1 in, 1 out"
holds "says that it was stopped" "$(cat err.txt)" "weir: interrupted"

# A file is not put in place by a run that was stopped, and nothing is left behind.
start run -q -i text -e '' -o result.json -
echo one >&3
stop
expect "exit code when stopped while it writes a file" 143 "$code"
expect "no file is left" "" "$(ls -A | grep result)"

# Ctrl-C.
exec 3<>in
timeout --preserve-status -s INT 0.3 "$weir" run -e '' - <in >out.txt 2>err.txt
expect "exit code of Ctrl-C before the first byte" 130 $?
printf 'one\n' >&3
timeout --preserve-status -s INT 0.3 "$weir" run -q -i text -t text -e '' - <in >out.txt 2>err.txt
expect "exit code of Ctrl-C at work" 130 $?
expect "what came is written, also then" one "$(cat out.txt)"
timeout --preserve-status -s INT 0.3 "$weir" check -e '[source]
type = "stdin"' <in >out.txt 2>err.txt
expect "check does not wait for a pipe" 0 $?
exec 3>&-

# Statistics while it goes on.
start run -q -i text -t text -e '' -
echo one >&3
sleep 0.3
kill -USR1 "$pid"
sleep 0.3
holds "statistics on SIGUSR1" "$(cat err.txt)" "weir: 1 in, 1 out"
echo two >&3
exec 3>&-
wait "$pid"
expect "exit code of a run that was asked for statistics" 0 $?
expect "nothing is lost by it" "one
two" "$(cat out.txt)"

# Log rotation: the file that has the name now is written.
rotate() {
  sleep 0.3
  mv "$1" "$1.1"
  kill -HUP "$pid"
  sleep 0.3
}
start run -q -i text -e '' -o log.csv -t csv --set sink.append=true -
echo one >&3
rotate log.csv
echo two >&3
exec 3>&-
wait "$pid"
expect "exit code after log rotation" 0 $?
expect "what came before is in the renamed file" "line
one" "$(cat log.csv.1)"
expect "what came after is in a new one, with a header" "line
two" "$(cat log.csv)"

# The same with checkpoints, which know the new file.
start run -q -i text -e '' -o kept.csv -t csv --checkpoint kept in
sleep 0.3  # it must have opened the pipe by its name
echo one >&3
rotate kept.csv
echo two >&3
sleep 0.3
holds "the place in the new file" "$("$weir" state show kept)" "kept.csv: certain up to byte 5"
kill -TERM "$pid"
wait "$pid"
expect "exit code of SIGTERM with checkpoints" 0 $?
exec 3>&-
expect "the renamed file, with checkpoints" "line
one" "$(cat kept.csv.1)"
expect "the new file, with checkpoints" "line
two" "$(cat kept.csv)"
# Renamed while no run goes on, with rows in it that no checkpoint knows.
mv kept.csv kept.csv.2
echo uncertain >>kept.csv.2
: >kept.csv
start run -q -i text -e '' -o kept.csv -t csv --checkpoint kept in
sleep 0.3  # it must have opened the pipe by its name
echo three >&3
exec 3>&-
wait "$pid"
expect "exit code after a rotation between runs" 0 $?
expect "what is not certain is cut off" "line
two" "$(cat kept.csv.2)"
expect "the next run writes a new file" "line
three" "$(cat kept.csv)"
# A file of somebody else is not written.
mv kept.csv kept.csv.3
echo other >kept.csv
start run -q -i text -e '' -o kept.csv -t csv --checkpoint kept in
sleep 0.3  # it must have opened the pipe by its name
exec 3>&-
wait "$pid"
expect "exit code where another file is in the way" 4 $?
expect "which is left alone" other "$(cat kept.csv)"

# A hangup ends a run that has nothing to open anew.
start run -q -i text -t text -e '' -
echo one >&3
sleep 0.3
kill -HUP "$pid"
wait "$pid"
expect "exit code of a hangup" 129 $?
exec 3>&-
expect "what came is written before a hangup" one "$(cat out.txt)"

# A second signal ends it at once, also where nobody reads the output.
mkfifo slow
exec 4<>slow
start run -q -i text -t text -e '' - -o slow
yes 'a line' | head -c 1000000 >&3 &
feeder=$!
sleep 0.3
kill -TERM "$pid"
sleep 0.2
kill -TERM "$pid"
wait "$pid"
expect "exit code of a second signal" 143 $?
exec 3>&- 4>&-
kill "$feeder" 2>/dev/null
wait "$feeder" 2>/dev/null

finish
