# Sourced by spill*.sh behind lib.sh: a pipeline with much memory and with little gives the same bytes.
if [ -n "${WEIR_SANITIZED:-}" ]; then
  echo "skipped: a sanitizer takes more memory than there is here"
  exit 0
fi
mkdir disk
export TMPDIR="$work/disk"
# rows_of SCHEMA: the pipeline without its steps, over in.csv; the schema's lines besides k and t.
rows_of() {
  cat >source.toml <<END
[source]
path = "in.csv"
format = "csv"
[source.schema]
k = "STRING"
t = "BIGINT"
$1
[source.event_time]
column = "t"
format = "epoch_s"
[sink]
path = "out.csv"
overwrite = true
END
}
# same NAME MEMORY STEPS [ARGS...]: with much memory, with little and no disk for the rest, with little.
same() {
  name=$1
  small="--set runtime.memory_limit=$2"
  steps=$3
  shift 3
  try "$weir" run -q source.toml -e "$steps" "$@"
  expect "$name, in memory" "0 " "$code $err"
  mv out.csv reference.csv
  # shellcheck disable=SC2086
  TMPDIR=/nowhere try "$weir" run -q source.toml -e "$steps" $small "$@"
  expect "$name: exit code where there is no disk for it" 1 "$code"
  holds "$name: what is said then" "$err" "cannot make a folder for state"
  # shellcheck disable=SC2086
  try "$weir" run -q source.toml -e "$steps" $small "$@"
  expect "$name, with little memory" "0 " "$code $err"
  cmp -s out.csv reference.csv || expect "$name: the result with little memory" same another
  expect "$name: nothing is left on the disk" "" "$(ls disk)"
}
# refused NAME MEMORY STEPS: where state must not go to the disk the run ends, with a checkpoint.
refused() {
  rm -rf full out.csv
  try "$weir" run -q source.toml -e "$3" --checkpoint full --set runtime.spill=false --set runtime.memory_limit="$2"
  expect "$1: exit code beyond the memory" 6 "$code"
  holds "$1: the way out" "$err" "runtime.spill = true"
  holds "$1: the checkpoint that was made" "$("$weir" state show full)" "read up to byte"
  rm -rf full out.csv
}
# continued NAME MEMORY STEPS BYTES: over two runs that go on, the first of so many bytes, one killed in between.
continued() {
  rm -rf out.csv state
  small="--set runtime.memory_limit=$2"
  try "$weir" run -q source.toml -e "$3"
  mv out.csv reference.csv
  # shellcheck disable=SC2086
  try "$weir" run -q source.toml -e "$3" $small --checkpoint state --set checkpoint.stop_after="$4"
  expect "$1: the first of two runs" "0 " "$code $err"
  # shellcheck disable=SC2086
  try timeout -s KILL 1 "$weir" run -q source.toml -e "$3" $small --checkpoint state --drain --set checkpoint.interval=100ms
  # The one that was killed may take a moment to go.
  # shellcheck disable=SC2086
  try "$weir" run -q source.toml -e "$3" $small --checkpoint state --drain --if-busy wait:30s
  expect "$1: the second of two runs" "0 " "$code $err"
  cmp -s out.csv reference.csv || expect "$1: the result of two runs" same another
  expect "$1: nothing is left in the checkpoints' folder" "" "$(ls state | grep spill)"
}
