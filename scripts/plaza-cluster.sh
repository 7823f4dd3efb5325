#!/usr/bin/env bash
# A cluster of plaza's nodes on this machine, to try things out with. Builds nothing.
#
#   plaza-cluster.sh start [--nodes 3] [--event concert=100000] [any other flags of plazad]
#   plaza-cluster.sh status
#   plaza-cluster.sh kill N|leader      kill -9
#   plaza-cluster.sh restart N|all      stops it if it runs, and starts it as it was started before
#   plaza-cluster.sh stop [--wipe]      SIGTERM to all, and waits; --wipe also removes data and logs
#
# Everywhere: --dir DIR, for data, logs and pid files (default /tmp/plaza-cluster-UID). With start: --port P, where the first node's
# clients connect (default 7117); its peers connect to P+1, and the next node's ports are 10 higher.
# PLAZAD=FILE runs another plazad than build/plazad. Exit codes: 0 done, 1 it did not work, 2 it makes no sense.
set -euo pipefail

readonly READY_WITHIN=30  # seconds
readonly LEADER_WITHIN=5
readonly STOP_WITHIN=20   # a node itself takes 10 at most

fail() { echo "plaza-cluster.sh: $1" >&2; exit "${2:-1}"; }
usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; }

# ---- what there is in the folder ----

nodes() { cat "$dir/nodes" 2>/dev/null || echo 0; }
client_port() { echo $(($(cat "$dir/port") + 10 * ($1 - 1))); }
peer_port() { echo $(($(client_port "$1") + 1)); }

# The process of a node, if it runs. A number in a file may have become somebody else's.
pid_of() {
  local pid
  pid=$(cat "$dir/node-$1.pid" 2>/dev/null) || return 1
  [[ -n $pid ]] && tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF -- "$dir/node-$1" && echo "$pid"
}

require_cluster() { (($(nodes) > 0)) || fail "there is no cluster in $dir: start one"; }

require_node() {
  require_cluster
  if ! [[ $1 =~ ^[1-9]$ ]] || (($1 > $(nodes))); then fail "'$1' is none of the nodes 1 to $(nodes)" 2; fi
}

# ---- what nodes say ----

# get N PATH: the body of the answer, or nothing.
get() {
  (
    exec 3<>"/dev/tcp/127.0.0.1/$(client_port "$1")" || exit 1
    printf 'GET %s HTTP/1.1\r\nHost: plaza\r\nConnection: close\r\n\r\n' "$2" >&3
    timeout 2 cat <&3 | sed '1,/^\r$/d'
  ) 2>/dev/null || true
}

# field NAME: of a node's state on standard input; those of consensus come first.
field() { grep -oE "\"$1\":\"?[a-z_0-9]+" | head -n 1 | sed 's/.*[":]//' || true; }

leader() {
  local n state term best=0 found=""
  for ((n = 1; n <= $(nodes); ++n)); do
    state=$(get "$n" /debug/state)
    [[ $(field role <<<"$state") == leader ]] || continue
    term=$(field term <<<"$state")
    if ((term > best)); then best=$term found=$n; fi
  done
  [[ -n $found ]] && echo "$found"
}

# ---- starting and stopping ----

launch() {
  local n=$1 i peers=() flags=()
  for ((i = 1; i <= $(nodes); ++i)); do
    ((i == n)) || peers+=(--peer "$i=127.0.0.1:$(peer_port "$i")")
  done
  mapfile -d '' -t flags <"$dir/flags"
  mkdir -p "$dir/node-$n"
  # In a session of its own, so that Ctrl-C in this terminal is not for it.
  setsid "$plazad" --node "$n" --cluster plaza-cluster --data "$dir/node-$n" --log "$dir/node-$n.log" \
    --listen "127.0.0.1:$(client_port "$n")" --peer-listen "127.0.0.1:$(peer_port "$n")" "${peers[@]}" "${flags[@]}" \
    </dev/null >/dev/null 2>"$dir/node-$n.err" &
  echo $! >"$dir/node-$n.pid"
  # Until then it is still this script, by its command line.
  until pid_of "$n" >/dev/null || ! kill -0 $! 2>/dev/null; do sleep 0.01; done
}

# Whether all of these nodes are ready in time. Fails at once where one has ended.
await_ready() {
  local n deadline=$((SECONDS + READY_WITHIN))
  for n in "$@"; do
    until [[ $(get "$n" /healthz) == ok ]]; do
      if ! pid_of "$n" >/dev/null; then
        echo "node $n has ended: $(tail -n 1 "$dir/node-$n.err")" >&2
        return 1
      fi
      if ((SECONDS >= deadline)); then
        echo "node $n is not ready after $READY_WITHIN s: $(get "$n" /healthz)" >&2
        return 1
      fi
      sleep 0.1
    done
  done
}

# All at once, so that each can hand over to another for as long as there is one.
halt() {
  local n pid deadline=$((SECONDS + STOP_WITHIN))
  for n in "$@"; do
    if pid=$(pid_of "$n"); then kill -TERM "$pid" 2>/dev/null || true; fi
  done
  for n in "$@"; do
    while pid=$(pid_of "$n"); do
      if ((SECONDS >= deadline)); then
        echo "node $n does not end: killed" >&2
        kill -KILL "$pid" 2>/dev/null || true
      fi
      sleep 0.05
    done
    rm -f "$dir/node-$n.pid"
  done
}

start() {
  local n count=3 port=7117 flags=() events=0
  while (($# > 0)); do
    case $1 in
      --nodes | --port) (($# > 1)) || fail "$1 wants a number" 2 ;;&
      --nodes) count=$2; shift 2 ;;
      --port) port=$2; shift 2 ;;
      --event | --event=* | --config | --config=*) events=1; flags+=("$1"); shift ;;
      *) flags+=("$1"); shift ;;
    esac
  done
  [[ $count =~ ^[1-9]$ ]] || fail "--nodes: '$count' is not from 1 to 9" 2
  if ! [[ $port =~ ^[1-9][0-9]{0,4}$ ]] || ((port > 65000)); then fail "--port: '$port' is not from 1 to 65000" 2; fi
  ((events)) || flags+=(--event concert=100000)
  for ((n = 1; n <= $(nodes); ++n)); do
    ! pid_of "$n" >/dev/null || fail "node $n of $dir runs already: stop it, or take another --dir"
  done
  if (($(nodes) > 0 && $(nodes) != count)) && compgen -G "$dir/node-*/node.db" >/dev/null; then
    fail "$dir has the data of $(nodes) nodes, and how many there are cannot be changed: stop --wipe, or take another --dir"
  fi

  local reason
  reason=$(mkdir -p "$dir" 2>&1) || fail "the folder $dir cannot be made: ${reason##*: }"
  echo "$count" >"$dir/nodes"
  echo "$port" >"$dir/port"
  printf '%s\0' "${flags[@]}" >"$dir/flags"
  local all
  mapfile -t all < <(seq "$count")
  for n in "${all[@]}"; do launch "$n"; done
  if ! await_ready "${all[@]}"; then
    halt "${all[@]}"
    fail "the cluster does not start; its logs are $dir/node-*.log"
  fi
  echo "plaza-cluster.sh: $count nodes, leader is node $(leader || echo '?')"
  for n in "${all[@]}"; do
    echo "  node $n  ws://127.0.0.1:$(client_port "$n")/v1?user=NAME  pid $(pid_of "$n")  $dir/node-$n.log"
  done
}

status() {
  local n pid state health code=0
  require_cluster
  for ((n = 1; n <= $(nodes); ++n)); do
    if ! pid=$(pid_of "$n"); then
      echo "node $n  does not run"
      code=1
      continue
    fi
    health=$(get "$n" /healthz)
    state=$(get "$n" /debug/state)
    echo "node $n  pid $pid  $([[ $health == ok ]] && echo ready || echo "not ready")  $(field role <<<"$state")" \
      "of term $(field term <<<"$state"), commit $(field commit <<<"$state"), applied $(field applied <<<"$state")"
    [[ $health == ok ]] || code=1
  done
  return $code
}

kill_node() {
  local n=$1 pid
  require_cluster
  if [[ $n == leader ]]; then
    # There may be an election going on.
    local deadline=$((SECONDS + LEADER_WITHIN))
    until n=$(leader); do
      ((SECONDS < deadline)) || fail "there is no leader"
      sleep 0.1
    done
  fi
  require_node "$n"
  pid=$(pid_of "$n") || fail "node $n does not run"
  kill -KILL "$pid"
  while pid_of "$n" >/dev/null; do sleep 0.02; done
  rm -f "$dir/node-$n.pid"
  echo "plaza-cluster.sh: killed node $n"
}

restart() {
  local n which=("$1")
  require_cluster
  [[ $1 != all ]] || mapfile -t which < <(seq "$(nodes)")
  for n in "${which[@]}"; do require_node "$n"; done
  halt "${which[@]}"
  local running=${#which[@]} named="node $1"
  [[ $1 != all ]] || named="all nodes"
  for ((n = 1; n <= $(nodes); ++n)); do
    if pid_of "$n" >/dev/null; then running=$((running + 1)); fi
  done
  for n in "${which[@]}"; do launch "$n"; done
  if ((2 * running <= $(nodes))); then
    sleep 0.5
    for n in "${which[@]}"; do pid_of "$n" >/dev/null || fail "node $n has ended: $(tail -n 1 "$dir/node-$n.err")"; done
    echo "plaza-cluster.sh: restarted $named; $running of $(nodes) nodes are not enough for a leader"
    return
  fi
  await_ready "${which[@]}" || fail "the start of $named failed; logs are in $dir"
  echo "plaza-cluster.sh: restarted $named"
}

stop() {
  local n all=()
  for ((n = 1; n <= $(nodes); ++n)); do all+=("$n"); done
  halt "${all[@]}"
  if [[ ${1:-} == --wipe ]]; then
    for n in "${all[@]}"; do
      rm -f "$dir/node-$n/node.db" "$dir/node-$n/node.db-wal" "$dir/node-$n/node.db-shm" "$dir/node-$n.log" "$dir/node-$n.err"
      rmdir "$dir/node-$n" 2>/dev/null || true
    done
    rm -f "$dir/nodes" "$dir/port" "$dir/flags"
    rmdir "$dir" 2>/dev/null || [[ ! -e $dir ]] || fail "$dir has something else in it, and stays"
  fi
}

# ---- the command line ----

(($# > 0)) || { usage >&2; exit 2; }
command=$1
shift
dir=/tmp/plaza-cluster-$UID
arguments=()
while (($# > 0)); do
  case $1 in
    --dir) (($# > 1)) || fail "--dir wants a folder" 2; dir=$2; shift 2 ;;
    --dir=*) dir=${1#--dir=}; shift ;;
    *) arguments+=("$1"); shift ;;
  esac
done
dir=$(realpath -m -- "$dir")
plazad=${PLAZAD:-$(dirname "$(dirname "$(realpath "$0")")")/build/plazad}
set -- "${arguments[@]}"

require_plazad() {
  [[ -x $plazad ]] || fail "there is no $plazad: cmake --preset release && cmake --build --preset release --target plazad"
}
require_arguments() { (($# - 1 == $1)) || fail "$command wants $([[ $1 == 0 ]] && echo nothing || echo "a node's number")" 2; }

case $command in
  start) require_plazad; start "$@" ;;
  status) require_arguments 0 "$@"; status ;;
  kill) require_arguments 1 "$@"; kill_node "$1" ;;
  restart) require_arguments 1 "$@"; require_plazad; restart "$1" ;;
  stop)
    (($# == 0)) || [[ $# == 1 && $1 == --wipe ]] || fail "stop wants nothing, or --wipe" 2
    stop "$@"
    ;;
  help | -h | --help) usage ;;
  *) fail "there is no '$command': start, status, kill, restart, stop" 2 ;;
esac
