# Sourced by script/bench: a place to work in that is always cleaned up, a cluster, a Docker engine, times and medians.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

quick=false
profile=false
work=
host_pid=
docker_pid=
started_pids=()
host_options=(--backend process) # of flynn-host up, beside the usual ones
kept_packages=()
disk= # a file system of this measurement's own
ends=() # commands that end what a measurement began

# ---- work and cleaning up

begin_work() {
  work=$(mktemp -d "${TMPDIR:-/tmp}/flynn-$1.XXXXXX")
  trap 'status=$?; clean_up; exit $status' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  export HOME=$work/home
  mkdir -p "$HOME"
  # it would win over the certificate that `flynn cluster add` tells git about
  unset GIT_SSL_CAINFO
}

clean_up() {
  trap - EXIT INT TERM
  set +e
  stop_cluster
  stop_docker
  for end in "${ends[@]}"; do eval "$end"; done
  for pid in "${started_pids[@]}"; do end_process "$pid"; done
  unmount_below "$work"
  [ -z "$disk" ] || as_root umount -l "$work" 2>/dev/null
  as_root rm -rf "$work" "${disk:-$work}"
}

# own_disk: puts the place to work on a new file system in memory, ext4 with a journal, for both sides. What others write meanwhile does
# not count so; and without a journal, as on some virtual machines, ext4 passes over everything that was deleted in the last minute
# before it makes a file, so that who comes second in a round pays for what the first one left.
own_disk() {
  disk=/dev/shm/${work##*/}.disk
  if truncate -s 8G "$disk" && mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "$disk" && mount -o loop "$disk" "$work"; then
    mkdir -p "$HOME"
  else
    say "both sides are on the file system of $work: no other can be mounted"
    rm -f "$disk"
  fi
}

# end_process PID: asks, and insists after ten seconds.
end_process() {
  local pid=$1 i
  as_root kill -TERM "$pid" 2>/dev/null || return 0
  for ((i = 0; i < 200; i++)); do
    as_root kill -0 "$pid" 2>/dev/null || break
    sleep 0.05
  done
  as_root kill -KILL "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}

# unmount_below DIR: what an engine left mounted would else be deleted with the directory, or keep it from being deleted.
unmount_below() {
  local mount
  awk -v below="$1/" 'index($2, below) == 1 {print $2}' /proc/mounts | sort -r | while read -r mount; do
    as_root umount -l "$mount"
  done
}

# ---- what is compared with

# peer COMMAND PACKAGE WHY: installs a peer from Debian's packages if it is missing; its services are not left running.
peer() {
  command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] && return
  need "$1" "$2" "$3"
  kept_packages+=("$2")
}

install_peers() {
  install_missing
  missing_packages=()
  local package
  [ -d /run/systemd/system ] || return 0
  for package in "${kept_packages[@]}"; do
    case "$package" in
      docker.io) as_root systemctl disable --now docker.socket docker.service containerd.service >/dev/null 2>&1 || true ;;
      nginx) as_root systemctl disable --now nginx.service >/dev/null 2>&1 || true ;;
    esac
  done
}

# pause SECONDS: unlike sleep alone, a signal ends it at once.
pause() {
  sleep "$1" &
  started_pids=("$!" "${started_pids[@]}")
  wait "$!"
  started_pids=("${started_pids[@]:1}")
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# ---- time and numbers

now_ms() { local micros=${EPOCHREALTIME/[.,]/}; printf '%s\n' "$((micros / 1000))"; }

# timed FILE COMMAND...: appends how many milliseconds the command took to the file.
timed() {
  local file=$1 begin=${EPOCHREALTIME/[.,]/}
  shift
  "$@"
  awk -v us="$((${EPOCHREALTIME/[.,]/} - begin))" 'BEGIN { printf "%.1f\n", us / 1000 }' >>"$file"
}

median() {
  sort -n "$1" | awk '{ v[NR] = $1 } END { if (NR == 0) exit 1; print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

spread() { sort -n "$1" | awk '{ v[NR] = $1 } END { printf "%s to %s, %d rounds", v[1], v[NR], NR }'; }

# compare NAME UNIT OURS THEIRS WHAT: prints both medians; the ratio is printed by print_ratios, at the very end.
ratios=()
compare() {
  local ours theirs
  ours=$(median "$3")
  theirs=$(median "$4")
  printf '%-14s %10s %s   (%s)\n' "ours" "$ours" "$2" "$(spread "$3")"
  printf '%-14s %10s %s   (%s)  %s\n' "beside" "$theirs" "$2" "$(spread "$4")" "$5"
  ratios+=("$(awk -v n="$1" -v a="$ours" -v b="$theirs" 'BEGIN { printf "ratio %s %.2f", n, a / b }')")
}

print_ratios() { printf '%s\n' "${ratios[@]}"; }

# until_answers WHAT COMMAND...: repeats the command until it succeeds, a minute at most.
until_answers() {
  local what=$1 deadline=$(($(now_ms) + 60000))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$(now_ms)" -lt "$deadline" ] || fail "$what did not answer within a minute"
    sleep 0.01
  done
}

# ---- processes, from /proc

# tree PID: the process and everything below it.
tree() {
  local child
  printf '%s\n' "$1"
  for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do tree "$child"; done
}

# process_cpu_ms PID...: user and system time of these processes so far.
process_cpu_ms() {
  local pid
  for pid; do sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null || true; done |
    awk -v hz="$(getconf CLK_TCK)" '{ t += $12 + $13 } END { printf "%d\n", t * 1000 / hz }'
}

# cpu_ms PID: of the whole tree.
cpu_ms() {
  # shellcheck disable=SC2046
  process_cpu_ms $(tree "$1")
}

# rss_kb PID: resident memory of the tree.
rss_kb() {
  local pid
  for pid in $(tree "$1"); do sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status" 2>/dev/null || true; done |
    awk '{ kb += $1 } END { print kb }'
}

# ---- JVMs

# as bin/flynn-host has them, without those that are about its start
shipped_jvm=(-Xms96m -Xmn20m -XX:SurvivorRatio=4 -Xmx384m -Xss512k -XX:+UseSerialGC -XX:MaxDirectMemorySize=96m -XX:CompileCommand=quiet
  '-XX:CompileCommand=CompileThresholdScaling,com.sun.crypto.provider.*::*,0.05'
  -Dio.netty.jfr.enabled=false -Dio.netty.leakDetection.level=disabled -Dio.netty.trackPinnedMemory=false)

is_jvm() { grep -q java "/proc/$1/comm"; }

# compiler_ms PID: CPU of a JVM's compilers so far.
compiler_ms() {
  grep -lE '^C[12] Compiler' "/proc/$1"/task/*/comm | sed 's/comm$/stat/' | xargs cat | sed 's/.*) //' |
    awk -v hz="$(getconf CLK_TCK)" '{ t += $12 + $13 } END { printf "%d\n", t * 1000 / hz }'
}

# until_compiled WHAT PID COMMAND...: repeats the command, which makes load for some seconds, until the JVM's compilers take less than a
# hundredth of the time; that takes longer on a machine that has other things to do. At the latest after a minute, unless told, it goes on and
# says so.
longest_warm_up_ms=60000
until_compiled() {
  local what=$1 pid=$2 begin before before_ms after after_ms times=0
  shift 2
  begin=$(now_ms) after_ms=$begin after=$(compiler_ms "$pid")
  while [ $((after_ms - begin)) -lt "$longest_warm_up_ms" ]; do
    before=$after before_ms=$after_ms
    "$@"
    after=$(compiler_ms "$pid") after_ms=$(now_ms) times=$((times + 1))
    [ "$times" -lt 2 ] || [ $(((after - before) * 100)) -ge $((after_ms - before_ms)) ] || return 0
  done
  say "$what was still being compiled after $(((after_ms - begin) / 1000)) seconds of load: $((after - before)) ms of the last $((after_ms - before_ms))"
}

# ---- our side

# start_cluster [DIR]: a one-host cluster; returns when it says that everything answers.
start_cluster() {
  local directory=${1:-$work/cluster}
  mkdir -p "$directory"
  http_port=$(free_port)
  https_port=$(free_port)
  launch_host "$directory"
  until [ -s "$directory/ready" ]; do
    kill -0 "$host_pid" 2>/dev/null || { cat "$directory/out" >&2; fail "flynn-host did not start"; }
    sleep 0.05
  done
  eval "$(grep -m 1 '^flynn cluster add' "$directory/ready" | sed "s|^flynn |within '$dist/bin/flynn' |")" >/dev/null 2>&1
}

launch_host() {
  "$dist/bin/flynn-host" up --data-dir "$1/data" --domain flynn.localhost --listen-ip 127.0.0.1 \
    --http-port "$http_port" --https-port "$https_port" --ready-file "$1/ready" "${host_options[@]}" >"$1/out" 2>&1 &
  host_pid=$!
}

# within COMMAND...: where the cluster's addresses are reachable.
within() { "$@"; }

stop_cluster() {
  [ -n "$host_pid" ] || return 0
  end_process "$host_pid"
  host_pid=
}

# port_is_open PORT: of 127.0.0.1; costs next to nothing, unlike a client that is started to find out.
port_is_open() { (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# controller_answers: through the router, without a key.
controller_answers() {
  curl -skf --max-time 5 --resolve "controller.flynn.localhost:$https_port:127.0.0.1" \
    "https://controller.flynn.localhost:$https_port/ping"
}

# app_answers NAME: a 200 through the router.
app_answers() {
  curl -sf --max-time 5 -o /dev/null -H "Host: $1.flynn.localhost" "http://127.0.0.1:$http_port/"
}

# sample_app DIR: the Node.js sample, committed.
sample_app() {
  mkdir -p "$1"
  cp -r "$repo/examples/apps/nodejs/." "$1"
  commit_all "$1"
}

commit_all() {
  (cd "$1" && git init -q -b master && git add -A &&
    git -c user.name=bench -c user.email=bench@example.com commit -q -m bench)
}

# ---- a Docker engine of our own

peer_docker() {
  peer dockerd docker.io "$1"
  peer docker docker.io "$1"
  peer iptables iptables "the Docker engine sets up its network with it"
  peer ip iproute2 "the Docker engine gets a network namespace of its own"
}

# start_docker: an engine with its usual settings, as the manager of a new swarm. It has a directory, a socket, a containerd
# and a network namespace of its own, so that neither the machine's bridges nor its packet filter are touched.
start_docker() {
  engine=$work/docker
  rm -rf "$engine"
  mkdir -p "$engine"
  as_root unshare --net sh -c 'ip link set lo up; exec "$@"' engine \
    "$(command -v dockerd || echo /usr/sbin/dockerd)" --data-root "$engine/data" --exec-root "$engine/exec" \
    --pidfile "$engine/pid" -H "unix://$engine/socket" >"$engine/log" 2>&1 &
  local launcher=$!
  until [ -S "$engine/socket" ]; do
    kill -0 "$launcher" 2>/dev/null || { tail -n 5 "$engine/log" >&2; fail "dockerd did not start"; }
    sleep 0.01
  done
  until as_root docker -H "unix://$engine/socket" swarm init --advertise-addr 127.0.0.1 \
    --listen-addr 127.0.0.1:2377 >"$engine/init" 2>&1; do
    kill -0 "$launcher" 2>/dev/null || { tail -n 5 "$engine/log" >&2; fail "dockerd did not start"; }
    sleep 0.01
  done
  docker_pid=$(cat "$engine/pid")
}

stop_docker() {
  [ -n "$docker_pid" ] || return 0
  end_process "$docker_pid"
  docker_pid=
  unmount_below "$engine"
  as_root rm -rf "$engine"
}
