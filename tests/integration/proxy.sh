# Sourced: start_proxy and stop_proxy, one proxy.py at a time; its lines are in proxy.txt.
proxy=""
start_proxy() { # WORDS OF proxy.py
  python3 "$here/../integration/proxy.py" "$@" >proxy.txt 2>proxy.err &
  proxy=$!
  for _ in $(seq 100); do
    grep -q ready proxy.txt && return
    sleep 0.05
  done
  expect "the proxy" ready "$(cat proxy.err)"
}
stop_proxy() {
  [ -z "$proxy" ] || kill "$proxy" 2>/dev/null
  wait "$proxy" 2>/dev/null
  proxy=""
}
