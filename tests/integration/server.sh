# Sourced: starts Debian's PostgreSQL (package postgresql) in a temporary folder ($base), as the user `postgres` when this is run
# by root, and ends it with the script. Sets $url and sql(). Skipped, saying why, where it is not installed.
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)
if [ -z "$bin" ]; then
  echo "SKIP: no PostgreSQL server here (package postgresql)"
  exit 77
fi
as_server() {
  if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else "$@"; fi
}
if [ "$(id -u)" = 0 ] && ! id postgres >/dev/null 2>&1; then
  echo "SKIP: the server does not run as root, and there is no user postgres"
  exit 77
fi
base=$(mktemp -d /tmp/weir-pg-XXXXXX)
chmod 755 "$base"
[ "$(id -u)" = 0 ] && chown postgres "$base"
server=""
# The server itself, and not a shell around it, is what signals go to.
start_server() {
  for _ in $(seq 100); do
    if "$bin/pg_isready" -q -h "$base"; then
      server=$(head -n 1 "$base/data/postmaster.pid")
      return
    fi
    # After a kill the first tries may find what the old one's children still hold.
    if [ -z "$starting" ] || ! kill -0 "$starting" 2>/dev/null; then
      (cd "$base" && as_server "$bin/postgres" -D "$base/data" -k "$base" -c listen_addresses= \
        -c fsync=off >>"$base/log" 2>&1) &
      starting=$!
    fi
    sleep 0.1
  done
  echo "the server did not start:"; cat "$base/log"
  exit 1
}
stop_server() { # SIGNAL
  kill -"$1" "$server" 2>/dev/null
  while kill -0 "$server" 2>/dev/null; do sleep 0.05; done
}
starting=""
trap 'stop_server INT; [ -z "${proxy:-}" ] || kill "$proxy"; rm -rf "$work" "$base"' EXIT
as_server "$bin/initdb" -D "$base/data" -A trust -U weir -E UTF8 --locale=C >"$base/initdb.log" 2>&1 ||
  { echo "SKIP: PostgreSQL does not run here: $(tail -n 1 "$base/initdb.log")"; trap - EXIT; rm -rf "$work" "$base"; exit 77; }
start_server
url="host=$base user=weir dbname=postgres"
sql() { "$bin/psql" -h "$base" -U weir -d postgres -AtX -c "$1" 2>&1; }
