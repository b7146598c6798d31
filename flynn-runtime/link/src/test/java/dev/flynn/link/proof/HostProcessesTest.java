package dev.flynn.link.proof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.io.TempDirFactory;

/**
 * Three hosts as processes in network namespaces of their own, whose leaders are killed, held up and cut off; what everybody
 * asked, was answered and was told must make sense.
 *
 * <p>System properties: {@code flynn.proof.runs} (1) of {@code flynn.proof.seconds} (6), {@code flynn.proof.seed} for the first
 * of them (random, and printed), {@code flynn.proof.required}: it is an error if there can be no namespaces here.
 */
class HostProcessesTest {

    private static final String REQUIRED = "flynn.proof.required";
    private static final int RUNS = Integer.getInteger("flynn.proof.runs", 1);
    private static final int SECONDS = Integer.getInteger("flynn.proof.seconds", 6);
    private static final int SABOTAGED_SECONDS = 8;
    private static final int SABOTAGED_RUNS = 4;
    private static final long SEED = Long.getLong("flynn.proof.seed", System.nanoTime() & 0xffff_ffffL);

    /** Where what was told in a run is kept, if something was wrong. */
    private static final Path EVIDENCE = Path.of("target", "proof").toAbsolutePath();

    @TempDir(factory = InTarget.class)
    Path directory;

    /** Where it does no harm, should this process be killed. */
    static final class InTarget implements TempDirFactory {
        @Override
        public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext context) throws IOException {
            return Files.createTempDirectory(Files.createDirectories(EVIDENCE), "run-");
        }
    }

    @BeforeAll
    static void requireMachines() {
        Optional<String> whyNot = Machines.whyNot();
        if (Boolean.getBoolean(REQUIRED)) {
            assertThat(whyNot).as("real hosts cannot be tested here").isEmpty();
        }
        assumeTrue(whyNot.isEmpty(), () -> whyNot.orElse(""));
    }

    @Test
    void whatEverybodySawMakesSense() throws Exception {
        List<Long> wrong = new ArrayList<>();
        for (int number = 1; number <= RUNS; number++) {
            long seed = SEED + number - 1;
            Path place = Files.createDirectory(directory.resolve("run" + number));
            Verdict verdict;
            try (var run = new ClusterRun(place, seed, SECONDS, false)) {
                System.out.printf("proof: run %d of %d, %s%n", number, RUNS, run.describe());
                verdict = verdictOn(run);
                if (!verdict.violations().isEmpty()) {
                    wrong.add(seed);
                    keep(place, seed, run.lines(), verdict);
                }
            }
            System.out.printf("proof: run %d of %d, seed %d: %s%n", number, RUNS, seed, verdict);
        }
        assertThat(wrong)
                .as("seeds of runs in which something was wrong; what was told is in " + EVIDENCE)
                .isEmpty();
    }

    /**
     * So that it is known what is found if stale reads are passed off as linearizable, and leaders do not go in time. Which of
     * these lies anybody sees is chance.
     */
    @Test
    @EnabledIfSystemProperty(named = REQUIRED, matches = "true")
    void whatHostsThatLieSawMakesNone() throws Exception {
        var unseen = new HashSet<>(Set.of("register", "two leaders at once"));
        for (int number = 0; number < SABOTAGED_RUNS && !unseen.isEmpty(); number++) {
            long seed = SEED + number;
            Path place = Files.createDirectory(directory.resolve("lies" + number));
            try (var run = new ClusterRun(place, seed, SABOTAGED_SECONDS, true)) {
                Verdict verdict = verdictOn(run);
                System.out.printf(
                        "proof: hosts that lie, seed %d: %d violations found%n",
                        seed, verdict.violations().size());
                assertThat(verdict.violations())
                        .allMatch(violation ->
                                violation.startsWith("register") || violation.startsWith("two leaders at once"));
                unseen.removeIf(
                        kind -> verdict.violations().stream().anyMatch(violation -> violation.startsWith(kind)));
            }
        }
        assertThat(unseen).as("what was not seen").isEmpty();
    }

    private static Verdict verdictOn(ClusterRun run) throws InterruptedException {
        try {
            return Verdict.on(run.run());
        } catch (IllegalStateException e) {
            return Verdict.on(run.lines()).with(String.valueOf(e.getMessage()));
        }
    }

    private static void keep(Path place, long seed, List<Line> lines, Verdict verdict) throws IOException {
        Path kept = Files.createDirectories(EVIDENCE.resolve("seed-" + seed));
        Files.write(kept.resolve("told"), lines.stream().map(Line::toString).toList());
        Files.write(kept.resolve("violations"), verdict.violations());
        try (var logs = Files.newDirectoryStream(place, "*.log")) {
            for (Path log : logs) {
                Files.write(kept.resolve(log.getFileName()), Files.readAllBytes(log));
            }
        }
    }
}
