# Sourced by scripts behind lib.sh: the lines of log* into result.txt, over several runs.
cat >job.toml <<'END'
[source]
path = "log*"
format = "text"
[sink]
path = "result.txt"
format = "text"
[checkpoint]
dir = "state"
END
begin() { rm -rf state result.txt log* && mkdir -p state; }
# next WHAT [ARGS...]: one run, which must end well.
next() {
  what=$1
  shift
  try "$weir" run -q job.toml "$@"
  expect "$what: exit code" "0 " "$code $err"
}
# holds_lines WHAT N: each line from 1 to N once.
holds_lines() {
  seq 1 "$2" >want
  sort -n result.txt | cmp -s want - || expect "$1" "the lines 1 to $2, once each" "$(sort -n result.txt | uniq -c | head -n 5)"
}
