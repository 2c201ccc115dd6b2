# Sourced by the scripts beside it:  sh tests/manners/X.sh WEIR TESTDATA
# What shells and terminals see of weir: pipes, signals, full disks, odd files.
set -u
here=$(cd "$(dirname "$0")" && pwd)
weir=$1
data=$2
work=$(mktemp -d /tmp/weir-manners-XXXXXX)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

# expect WHAT EXPECTED GOT
expect() {
  if [ "$2" = "$3" ]; then return; fi
  printf 'FAIL %s\n--- expected\n%s\n--- got\n%s\n' "$1" "$2" "$3"
  failures=$((failures + 1))
}
# holds WHAT TEXT PART
holds() {
  case $2 in *"$3"*) return ;; esac
  printf 'FAIL %s\n--- expected a text with\n%s\n--- got\n%s\n' "$1" "$3" "$2"
  failures=$((failures + 1))
}
# try COMMAND...: sets out, err and code.
try() {
  "$@" >out.txt 2>err.txt
  code=$?
  out=$(cat out.txt)
  err=$(cat err.txt)
}
finish() {
  [ "$failures" = 0 ] && echo "all as expected"
  exit "$failures"
}
