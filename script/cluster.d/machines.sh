# Sourced by script/cluster: machines that are namespaces, joined by a switch that is one too.
#
# All is below $place, and all that the kernel has for us bears names with our subnet's number; so what an earlier run left, in
# whatever way it ended, is found by these names and removed.

# The file $place/cluster has three lines: the subnet's number, the process in whose foreground the cluster runs (`-`: none),
# and the distribution that runs.
# shellcheck shell=bash disable=SC2154 # repo, dist, place and keep are script/cluster's
subnet=

# Where the engine of a machine listens, if it has one; on its own disk.
engine=unix:///var/lib/flynn/engine/docker.sock

has_engines() { [ -e "$place/engines" ]; }

net() { printf 'flynn%s-%s\n' "$subnet" "$1"; }

# ---- the place where the state is

find_place() {
  [ -s "$place/cluster" ] || fail "no cluster runs in $place; script/cluster start 3 starts one"
  subnet=$(sed -n 1p "$place/cluster")
  dist=$(sed -n 3p "$place/cluster")
}

# open_place OWNER: makes the place and its network; OWNER is the process in whose foreground the cluster will run, or `-`.
open_place() {
  local owner=$1 wanted=$dist
  if [ -s "$place/cluster" ]; then
    find_place
    if is_owned; then
      fail "a cluster runs in $place already; end it with script/cluster down, or give another --dir"
    fi
    say "removing what an earlier run left in $place"
    keep=false close_place
    dist=$wanted
  fi
  [ ! -e "$place" ] || [ -z "$(ls -A "$place")" ] || fail "$place is not empty and holds no cluster; give another --dir"
  mkdir -p "$place"
  place=$(cd "$place" && pwd)
  make_network
  [ "$owner" = - ] || owner="$owner $(began "$owner")"
  printf '%s\n' "$subnet" "$owner" "$dist" >"$place/cluster"
  for directory in /etc/flynn /var/lib/flynn; do
    # machines mount theirs there
    if mkdir "$directory" 2>/dev/null; then echo "$directory" >>"$place/made"; fi
  done
}

# is_owned: whether somebody still wants this cluster.
is_owned() {
  local pid start
  read -r pid start < <(sed -n 2p "$place/cluster")
  if [ "$pid" = - ]; then
    [ -e "/run/netns/$(net client)" ] && [ -n "$(ip netns pids "$(net client)")" ]
  else
    [ "$(began "$pid")" = "$start" ]
  fi
}

# began PID: when a process started, in ticks; nothing if there is none.
began() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

close_place() {
  local name pids made
  [ -n "$subnet" ] || return 0
  for name in $(ip netns list | awk -v ours="flynn$subnet-" 'index($1, ours) == 1 {print $1}'); do
    while pids=$(ip netns pids "$name") && [ -n "$pids" ]; do
      # shellcheck disable=SC2086
      kill -KILL $pids 2>/dev/null || true
      sleep 0.05
    done
    ip netns del "$name"
    remove_control_groups "$name"
  done
  ip link del "flynn$subnet" 2>/dev/null || true
  if [ -s "$place/made" ]; then
    while read -r made; do rmdir "$made" 2>/dev/null || true; done <"$place/made"
  fi
  if [ -s "$place/cluster" ]; then
    if $keep; then
      rm -f "$place/cluster" "$place"/*/disk
      say "logs are in $place"
    else
      rm -rf "$place"
    fi
  fi
}

# ---- the network

# make_network: takes the first subnet that nobody has; the name of a namespace can be taken only once.
make_network() {
  for ((subnet = 0; subnet < 256; subnet++)); do
    if ! ip -o route | grep -q "^10\.77\.$subnet\." && ip netns add "$(net switch)" 2>/dev/null; then
      ip -n "$(net switch)" link add br0 type bridge
      ip -n "$(net switch)" link set br0 up
      ip link add "flynn$subnet" type veth peer name root netns "$(net switch)"
      ip -n "$(net switch)" link set root master br0 up
      ip address add "10.77.$subnet.1/24" dev "flynn$subnet"
      ip link set "flynn$subnet" up
      return
    fi
  done
  fail "all of 10.77.0.0 to 10.77.255.0 are in use on this machine"
}

# address NAME: of the client, or of a host.
address() {
  case "$1" in
    client) echo "10.77.$subnet.2" ;;
    *) echo "10.77.$subnet.$((10 + ${1#host}))" ;;
  esac
}

# ---- machines

all_hosts() { (cd "$place" && ls -d host* 2>/dev/null) | sort -V; }

require_machine() {
  if [ -z "$1" ] || [ ! -d "$place/$1/etc" ]; then
    fail "there is no machine \"$1\"; there are: client $(all_hosts | xargs)"
  fi
}

make_host() {
  mkdir -p "$place/$1"
  truncate -s 2G "$place/$1/disk"
  mkfs.ext4 -q -F -m 0 "$place/$1/disk"
  make_machine "$1"
}

make_client() {
  local host names=()
  make_machine client
  for host in $(all_hosts); do names+=("--address=/flynn.test/$(address "$host")" "--address=/apps.example.com/$(address "$host")"); done
  start_in client dns dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --pid-file= --no-resolv --no-hosts \
    --listen-address="$(address client)" --bind-interfaces "${names[@]}"
}

make_machine() {
  local name=$1 ns
  ns=$(net "$1")
  ip netns add "$ns"
  ip -n "$ns" link add eth0 type veth peer name "$name" netns "$(net switch)"
  ip -n "$(net switch)" link set "$name" master br0 up
  ip -n "$ns" address add "$(address "$name")/24" dev eth0
  ip -n "$ns" link set lo up
  ip -n "$ns" link set eth0 up
  ip -n "$ns" route add default via "10.77.$subnet.1"
  mkdir -p "$place/$name/etc" "$place/$name/home"
  echo "nameserver $(address client)" >"$place/$name/resolv.conf"
  printf '127.0.0.1 localhost\n%s %s\n' "$(address "$name")" "$name" >"$place/$name/hosts"
  make_control_groups "$ns"
  setsid "$repo/script/cluster.d/join-groups" "$ns" nsenter --net="/run/netns/$ns" \
    unshare --uts --mount --propagation private --cgroup --pid --fork --mount-proc \
    "$repo/script/cluster.d/machine" "$name" "$place/$name" "$ns" </dev/null >"$place/$name/machine" 2>&1 &
  until [ -e "$place/$name/is-up" ]; do
    kill -0 "$!" 2>/dev/null || fail "machine $name did not start: $(cat "$place/$name/machine")"
    sleep 0.02
  done
}

# make_control_groups NAME: in each hierarchy of version 1, which a machine sees as the whole, and is in. Version 2 it sees as
# it is.
make_control_groups() {
  local hierarchy file
  for hierarchy in /sys/fs/cgroup/*; do
    if [ -e "$hierarchy/cgroup.procs" ] && [ -e "$hierarchy/release_agent" ] && [ ! -L "$hierarchy" ]; then
      mkdir -p "$hierarchy/$1"
      for file in cpuset.cpus cpuset.mems; do
        [ ! -e "$hierarchy/$file" ] || cat "$hierarchy/$file" >"$hierarchy/$1/$file"
      done
    fi
  done
}

# remove_control_groups NAME: what jobs have left, too.
remove_control_groups() {
  local group
  for group in /sys/fs/cgroup/*/"$1"; do
    # what was killed is in its group for a moment longer
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      [ -d "$group" ] || break
      find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.1
    done
  done
}

# first_process NAME: the one in which all others of the machine are.
first_process() {
  local pid file=$place/$1/first-process ns
  ns=/run/netns/$(net "$1")
  pid=$(cat "$file" 2>/dev/null || true)
  if [ -z "$pid" ] || [ "$(stat -Lc %i "/proc/$pid/ns/net" 2>/dev/null)" != "$(stat -Lc %i "$ns")" ]; then
    for pid in $(ip netns pids "$(net "$1")"); do
      if grep -q '^NSpid:.*[[:space:]]1$' "/proc/$pid/status" 2>/dev/null; then
        echo "$pid" >"$file"
        break
      fi
    done
  fi
  printf '%s\n' "$pid"
}

# in_machine NAME CMD…: runs a command there, in a fresh environment.
in_machine() {
  local command
  command_in "$@"
  "${command[@]}"
}

# start_in NAME FILE CMD…: the same, in the background until the machine is gone; what it says goes to the file.
start_in() {
  local command name=$1 file=$2
  shift 2
  command_in "$name" setsid "$@"
  setsid "${command[@]}" </dev/null >>"$place/$name/$file" 2>&1 &
}

command_in() {
  local name=$1 first
  shift
  first=$(first_process "$name")
  [ -n "$first" ] || fail "machine $name is gone; script/cluster down removes the rest"
  command=("$repo/script/cluster.d/join-groups" "$(net "$name")" nsenter --target "$first" --mount --uts --net --cgroup --pid --
    env -i "HOME=$place/$name/home" "PATH=$dist/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    "LANG=${LANG:-C.UTF-8}" "TERM=${TERM:-dumb}" USER=root LOGNAME=root ${JAVA_HOME:+"JAVA_HOME=$JAVA_HOME"})
  ! has_engines || command+=("DOCKER_HOST=$engine")
  command+=("$@")
}

# enter NAME [CMD…]: as whoever types it expects: in the same directory, by default a shell.
enter() {
  local name=$1
  shift
  [ $# -gt 0 ] || set -- bash
  # shellcheck disable=SC2016
  in_machine "$name" sh -c 'cd "$1" 2>/dev/null || cd; shift; exec "$@"' sh "$PWD" "$@"
}

# ---- faults

faults() { sort -u "$place/$1/faults" 2>/dev/null | paste -sd ',' | sed 's/,/, /g'; }

# has_fault NAME WORDS; add_fault; end_fault: what is written there is what `status` shows.
has_fault() { grep -qxF "$2" "$place/$1/faults" 2>/dev/null; }
add_fault() { has_fault "$1" "$2" || echo "$2" >>"$place/$1/faults"; }
end_fault() { sed -i "/^$2/d" "$place/$1/faults" 2>/dev/null || true; }

power_off() {
  rm -f "$place/$1/ready"
  in_machine "$1" sh -c 'kill -KILL -1' || true
}

# signal_machine NAME SIGNAL: to everything on it but its first process, which has the namespaces.
signal_machine() {
  local first pid
  first=$(first_process "$1")
  for pid in $(ip netns pids "$(net "$1")"); do
    if [ "$pid" != "$first" ] && [ "$(awk '/^NSpid:/ {print NF}' "/proc/$pid/status" 2>/dev/null)" = 3 ]; then
      kill "-$2" "$pid" 2>/dev/null || true
    fi
  done
}

pause_machine() {
  add_fault "$1" paused
  signal_machine "$1" STOP
}

resume_machine() {
  end_fault "$1" paused
  signal_machine "$1" CONT
}

# cut_machine HOST [NAME]
cut_machine() {
  local host=${1:-} other=${2:-} peer
  require_machine "$host"
  [ -z "$other" ] || require_machine "$other"
  for peer in ${other:-$(all_hosts)}; do
    [ "$peer" != "$host" ] || continue
    in_machine "$host" iptables -w -A INPUT -s "$(address "$peer")" -j DROP
    in_machine "$host" iptables -w -A OUTPUT -d "$(address "$peer")" -j DROP
  done
  add_fault "$host" "cut from ${other:-all others}"
}

# delay_machine HOST MS
delay_machine() {
  require_machine "${1:-}"
  [[ ${2:-} =~ ^[0-9]+$ ]] || fail "how many milliseconds? script/cluster delay HOST MS"
  modprobe sch_netem 2>/dev/null || true
  in_machine "$1" tc qdisc replace dev eth0 root netem delay "${2}ms" 2>/dev/null ||
    fail "this kernel cannot delay packets: it has no netem (module sch_netem)"
  add_fault "$1" "delay $2 ms"
}

heal() {
  local host
  for host in $(all_hosts); do
    in_machine "$host" iptables -w -F INPUT
    in_machine "$host" iptables -w -F OUTPUT
    in_machine "$host" tc qdisc del dev eth0 root 2>/dev/null || true
    end_fault "$host" cut
    end_fault "$host" delay
  done
}

fill_disk() {
  # in big steps, then block by block
  # shellcheck disable=SC2016
  in_machine "$1" sh -c '
    cd /var/lib/flynn
    fallocate -l "$(($(df --output=avail -B1 . | tail -n 1)))" filler-1 2>/dev/null
    dd if=/dev/zero of=filler-2 bs=4k 2>/dev/null
    dd if=/dev/zero of=filler-3 bs=512 2>/dev/null'  || true
  add_fault "$1" "disk full"
}

free_disk() {
  in_machine "$1" sh -c 'rm -f /var/lib/flynn/filler-*'
  end_fault "$1" "disk full"
}
