package dev.flynn.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The whole of a cluster, a process of its own, is ended by {@code kill -9} in each phase of a deployment, one after the other,
 * and started again: in the end everything is as if nobody had been killed, and nothing was told twice.
 */
@Timeout(240)
class KilledDeploymentTest {

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({
        "canary, work, COMPLETE, PREPARE BEGIN AWAIT_UP SETTLE HOLD AWAIT_DOWN",
        "one-down-one-up, work, COMPLETE, AWAIT_GONE",
        "one-by-one, exit, FAILED, ROLL_BACK"
    })
    void aDeploymentEndsTheSameWheneverItsClusterIsKilled(String strategy, String behaviour, String end, String phases)
            throws Exception {
        List<String> undisturbed = run(directory.resolve("undisturbed"), strategy, behaviour, Set.of());
        assertThat(undisturbed).contains("deployment " + end, "runs kept 0");

        Set<String> left = new TreeSet<>(Arrays.asList(phases.split(" ", -1)));
        List<String> facts = run(directory.resolve("killed"), strategy, behaviour, left);
        assertThat(left).as("phases in which nobody was killed").isEmpty();
        assertThat(withoutOldJobs(facts)).isEqualTo(withoutOldJobs(undisturbed));
        assertThat(undisturbed).containsSubsequence(facts);
    }

    /** Old jobs that died with the cluster need not be stopped any more, so that nothing is told of them. */
    private static boolean isOfOldJob(String fact) {
        return fact.contains("\"stopping\"") || fact.contains("\"down\"");
    }

    private static List<String> withoutOldJobs(List<String> facts) {
        return facts.stream().filter(fact -> !isOfOldJob(fact)).toList();
    }

    /** Starts programs until one comes to the end; each phase that one was killed in is taken away. */
    private static List<String> run(Path place, String strategy, String behaviour, Set<String> phases)
            throws IOException, InterruptedException {
        while (true) {
            List<String> printed = new ArrayList<>();
            Optional<String> reached = start(place, strategy, behaviour, phases, printed);
            if (reached.isEmpty()) {
                return printed;
            }
            assertThat(phases.remove(reached.get())).isTrue();
        }
    }

    /** @return the phase that the program was killed in */
    private static Optional<String> start(
            Path place, String strategy, String behaviour, Set<String> phases, List<String> printed)
            throws IOException, InterruptedException {
        Stream<String> java = Stream.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                DeployingProgram.class.getName(),
                place.toString(),
                strategy,
                behaviour);
        Process program = new ProcessBuilder(
                        Stream.concat(java, phases.stream()).toList())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (var out = new BufferedReader(new InputStreamReader(program.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                if (line.startsWith(DeployingProgram.REACHED)) {
                    return Optional.of(line.substring(DeployingProgram.REACHED.length()));
                }
                printed.add(line);
            }
            assertThat(program.waitFor()).as("%s", printed).isZero();
            return Optional.empty();
        } finally {
            program.destroyForcibly().waitFor();
        }
    }
}
