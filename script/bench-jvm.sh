# Sourced by the measurements of the command line: the least that a JVM does, with the same settings as bin/flynn.

make_floor() {
  local jdk
  jdk=$(find_jdk)
  floor_java=$jdk/bin/java
  mkdir -p "$work/floor"
  cat >"$work/floor/Line.java" <<'JAVA'
final class Line {
    public static void main(String[] arguments) {
        System.out.println("a line");
    }
}
JAVA
  (cd "$work/floor" && "$jdk/bin/javac" Line.java && "$jdk/bin/jar" -c -f line.jar Line.class)
  "$floor_java" -XX:ArchiveClassesAtExit="$work/floor/line.jsa" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
    -cp "$work/floor/line.jar" Line >/dev/null 2>&1
}

floor() {
  "$floor_java" -XX:SharedArchiveFile="$work/floor/line.jsa" -Xshare:auto -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
    -XX:-UsePerfData -cp "$work/floor/line.jar" Line
}
