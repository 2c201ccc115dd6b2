# MessagePack and Avro against Python's libraries:  sh tests/integration/formats.sh WEIR TESTDATA
#
# Skipped, saying why, where fastavro or msgpack are not installed (pip install fastavro msgpack).
. "$(dirname "$0")/../manners/lib.sh"

python3 -c "import fastavro, msgpack" 2>/dev/null ||
  { echo "SKIP: no python3 with fastavro and msgpack here"; exit 77; }
python3 "$here/formats.py" "$weir" || failures=1
finish
