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

finish
