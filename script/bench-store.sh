# Sourced by the measurements of store and discovery: etcd to compare with, and the programs that put load on either.

peer etcd etcd-server "the peer of this measurement"
peer etcdctl etcd-client "it tells which of the peers leads"
install_peers

java=$(find_jdk)/bin/java
store_classes=$repo/flynn-runtime/store/target/test-classes
[ -f "$store_classes/dev/flynn/store/LeaseBench.class" ] || maven -o -q -pl :flynn-store test-compile

# what flynn-host runs with
# shellcheck disable=SC2207
jvm_options=($(sed -n '/^exec /,$p' "$dist/bin/flynn-host" | grep -o -- '-X[^ \\]*'))

# store_java CLASS ARGUMENT...: one of the store's programs, in a JVM like flynn-host's.
store_java() {
  local class=$1
  shift
  "$java" "${jvm_options[@]}" -cp "$store_classes:$repo/flynn-runtime/store/target/classes:$dist/lib/*" \
    "dev.flynn.store.$class" "$@" 2>>"$work/errors"
}

# etcd_members COUNT DIR: starts them, and sets etcd_port to the client port of the one that leads.
etcd_members() {
  local i cluster= ports=() status
  etcd_pids=()
  for ((i = 1; i <= $1; i++)); do
    ports+=("$(free_port)" "$(free_port)")
    cluster+="${cluster:+,}m$i=http://127.0.0.1:${ports[2 * i - 1]}"
  done
  mkdir -p "$2"
  for ((i = 1; i <= $1; i++)); do
    etcd --name "m$i" --data-dir "$2/m$i" --initial-cluster "$cluster" --log-level error \
      --listen-client-urls "http://127.0.0.1:${ports[2 * i - 2]}" --advertise-client-urls "http://127.0.0.1:${ports[2 * i - 2]}" \
      --listen-peer-urls "http://127.0.0.1:${ports[2 * i - 1]}" --initial-advertise-peer-urls "http://127.0.0.1:${ports[2 * i - 1]}" \
      >"$2/m$i.log" 2>&1 &
    etcd_pids+=("$!")
    started_pids+=("$!")
  done
  until_answers etcd env ETCDCTL_API=3 etcdctl --endpoints "http://127.0.0.1:${ports[0]}" endpoint health
  etcd_port=
  for ((i = 1; i <= $1; i++)); do
    status=$(ETCDCTL_API=3 etcdctl --endpoints "http://127.0.0.1:${ports[2 * i - 2]}" endpoint status -w fields)
    if [ "$(awk '/"MemberID"/ { print $NF }' <<<"$status")" = "$(awk '/"Leader"/ { print $NF }' <<<"$status")" ]; then
      etcd_port=${ports[2 * i - 2]}
    fi
  done
  [ -n "$etcd_port" ] || fail "none of the etcd members leads"
}

end_etcd() {
  local pid
  for pid in "${etcd_pids[@]}"; do end_process "$pid"; done
}
