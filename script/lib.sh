# Sourced by the scripts beside it: where the repository is, how to talk, how to install what is missing.

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
dist="$repo/flynn-distro/target/flynn"

say() { printf '%s\n' "$*" >&2; }
fail() { say "error: $*"; exit 1; }

# need COMMAND PACKAGE WHY: remembers the package if the command is not there.
missing_packages=()
need() {
  command -v "$1" >/dev/null 2>&1 && return
  say "missing: $1 ($3); Debian package $2"
  missing_packages+=("$2")
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo "$@"
  else
    fail "installing packages needs root: run this as root, or install sudo"
  fi
}

install_missing() {
  [ ${#missing_packages[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null 2>&1 \
    || fail "this is no Debian system: please install by hand what stands for: ${missing_packages[*]}"
  say "installing ${missing_packages[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing_packages[@]}" >/dev/null
}

# The newest JDK of version 17 or later that is installed; prints its home.
find_jdk() {
  local home
  for home in "${JAVA_HOME:-}" /usr/lib/jvm/java-17-openjdk-* /usr/lib/jvm/*; do
    if [ -n "$home" ] && [ -x "$home/bin/javac" ] && jdk_is_new_enough "$home"; then
      printf '%s\n' "$home"
      return
    fi
  done
  return 1
}

jdk_is_new_enough() {
  local version
  version=$("$1/bin/javac" -version 2>&1 | sed -n 's/^javac \([0-9]*\).*/\1/p')
  [ -n "$version" ] && [ "$version" -ge 17 ]
}

# Maven with the right JDK, quiet unless something goes wrong.
# Of Error Prone's checks only NullAway's, which halves the time of compiling: Maven called by hand has all of them. The same for all
# scripts, since Maven compiles again what was compiled with other options.
maven() { maven_in "$repo" -Derrorprone.checks=-XepDisableAllChecks "-Dtest.timeout=$test_timeout" "$@"; }

# How long one test may take before it fails, as JUnit writes it.
test_timeout=10m

# maven_in DIR ARGS: Maven on the project in DIR.
maven_in() {
  local directory=$1
  shift
  JAVA_HOME=$(find_jdk) mvn --batch-mode --no-transfer-progress -f "$directory/pom.xml" "$@"
}
