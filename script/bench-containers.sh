# Sourced by the measurements of containers: a host with the backend `oci` in a network namespace of its own, so that neither the
# machine's bridges nor its packet filter are touched, and the program that starts containers and takes the time.

[ "$(id -u)" = 0 ] || fail "containers need root: sudo script/bench $name"
peer runc runc "runs containers, on both sides"
peer conmon conmon "stays with the containers of ours"
peer tini-static tini "is pid 1 in the containers of ours"
peer busybox busybox-static "is the image"

own_disk
chmod 755 "$work"

host_options=(--backend oci)
launch_host() {
  unshare --net sh -c 'ip link set lo up; exec "$@"' host \
    "$dist/bin/flynn-host" up --data-dir "$1/data" --domain flynn.localhost --listen-ip 127.0.0.1 \
    --http-port "$http_port" --https-port "$https_port" --ready-file "$1/ready" "${host_options[@]}" >"$1/out" 2>&1 &
  host_pid=$!
  ends+=("end_jobs '$1/data/oci'")
}

# within COMMAND...: in the network namespace of the host.
within() { nsenter --net="/proc/$host_pid/ns/net" "$@"; }

# end_jobs DIR: of a host that did not come to it.
end_jobs() {
  local job
  for job in "$1"/run/*; do
    [ -d "$job" ] && runc --root "$1/run" delete -f "${job##*/}" >/dev/null 2>&1
  done
  true
}

# end_containers: of an engine that did not come to it.
end_containers() {
  local shim
  for shim in $(pgrep -f "containerd-shim.*$work/docker/"); do
    # shellcheck disable=SC2046
    kill -KILL $(tree "$shim") 2>/dev/null
  done
  true
}
ends+=(end_containers)

# flynn ARGUMENT...: the command line, for the cluster.
flynn() { within "$dist/bin/flynn" "$@"; }

# containers WHAT ARGUMENT...: see bench-containers.py.
containers() {
  local what=$1
  shift
  within python3 "$repo/script/bench-containers.py" "$what" --work "$work" --data "$work/cluster/data" "$@"
}

# make_image: a busybox, as $work/image.tar for `docker load` and for ours, with the name bench:1.
make_image() {
  local root=$work/image-root
  mkdir -p "$root"/bin "$root"/tmp "$root"/etc "$root"/www
  cp "$(command -v busybox)" "$root/bin/busybox"
  (cd "$root/bin" && for applet in sh sleep httpd hostname cat ls echo; do ln -s busybox "$applet"; done)
  echo 'root:x:0:0::/:/bin/sh' >"$root/etc/passwd"
  tar -C "$root" --owner=0 --group=0 -cf "$work/root.tar" .
  docker -H "unix://$engine/socket" import -q "$work/root.tar" bench:1 >/dev/null 2>&1 ||
    docker -H "unix://$engine/socket" import "$work/root.tar" bench:1 >/dev/null
  docker -H "unix://$engine/socket" save -o "$work/image.tar" bench:1
}
