package dev.flynn.link.proof;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Nobody may have led while another one did, by what they knew themselves. */
final class Claims {

    /** What tells one leader from another, and one who comes back from himself. */
    private record Leader(String instance, long index) {}

    /** From when to when somebody led, in {@link System#nanoTime}, which is the same for all processes of a machine. */
    private record Claim(Leader leader, long from, long until) {}

    private final List<Claim> claims = new ArrayList<>();

    Claims(List<Line> lines) {
        Map<Leader, Long> resigned = new HashMap<>();
        lines.stream().filter(line -> line.is("resigns")).forEach(line -> resigned.put(leader(line), line.number(3)));
        Map<Leader, Claim> last = new HashMap<>();
        for (Line line : lines) {
            if (line.is("leads")) {
                Leader leader = leader(line);
                long until = Math.min(line.number(4), resigned.getOrDefault(leader, Long.MAX_VALUE));
                var claim = new Claim(leader, line.number(3), until);
                last.merge(
                        leader,
                        claim,
                        (one, other) -> new Claim(
                                leader, Math.min(one.from(), other.from()), Math.max(one.until(), other.until())));
            }
        }
        last.values().stream()
                .filter(claim -> claim.from() < claim.until())
                .sorted(Comparator.comparingLong(Claim::from))
                .forEach(claims::add);
    }

    private static Leader leader(Line line) {
        return new Leader(line.word(1), line.number(2));
    }

    int leaders() {
        return claims.size();
    }

    List<String> violations() {
        List<String> violations = new ArrayList<>();
        for (int i = 0; i < claims.size(); i++) {
            for (Claim other : claims.subList(i + 1, claims.size())) {
                Claim claim = claims.get(i);
                if (other.from() < claim.until()) {
                    violations.add("two leaders at once for %.3f ms: %s and %s"
                            .formatted((Math.min(claim.until(), other.until()) - other.from()) / 1e6, claim, other));
                }
            }
        }
        return violations;
    }
}
