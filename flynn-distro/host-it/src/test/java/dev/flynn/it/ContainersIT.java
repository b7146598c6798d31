package dev.flynn.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Jobs in containers ({@code --backend oci}) and the death of flynn-host. The system property {@code flynn.jobs} says how many
 * jobs run (12).
 */
class ContainersIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Path BRIDGE = Path.of("/sys/class/net/flynnbr0");
    private static final Pattern TICK = Pattern.compile("app\\[tick\\.(\\S+)\\]: tick (\\d+)");
    private static final int JOBS = Integer.getInteger("flynn.jobs", 12);

    @TempDir
    Path directory;

    private boolean hadBridge;

    @BeforeEach
    void requireContainers() {
        assumeTrue(System.getProperty("flynn.backend") == null, "another backend is asked for");
        Shell shell = Shell.at(directory);
        assumeTrue(
                shell.attempt("[ $(id -u) = 0 ] && command -v runc conmon tini-static ip iptables")
                                .status()
                        == 0,
                "containers need root, runc, conmon, tini, iproute2 and iptables");
        hadBridge = Files.exists(BRIDGE);
    }

    /** flynn-host leaves the network of its jobs when it ends; a test does not. */
    @AfterEach
    void removeNetwork() {
        if (!hadBridge && Files.exists(BRIDGE)) {
            Shell.at(directory)
                    .run("ip link del flynnbr0; chain=FLYNN-flynnbr0;"
                            + " iptables -D FORWARD -m comment --comment flynn -j $chain;"
                            + " iptables -t nat -D POSTROUTING -m comment --comment flynn -j $chain;"
                            + " for t in filter nat; do iptables -t $t -F $chain; iptables -t $t -X $chain; done");
        }
    }

    @Test
    void whenFlynnHostIsKilledNoJobNoLineAndNoExitStatusIsLost() throws Exception {
        try (OneHost cluster = OneHost.start(directory, "--backend", "oci")) {
            Shell app = deploy(cluster);
            app.run("flynn scale tick=" + JOBS);
            Set<String> ticking = jobs(app, "tick");
            assertThat(ticking).hasSize(JOBS);
            app.run("flynn scale ender=2");
            Set<String> ending = jobs(app, "ender");

            cluster.kill();
            TimeUnit.SECONDS.sleep(8); // in which the two end by themselves, with nobody there
            cluster.up();

            assertThat(jobs(app, "tick")).isEqualTo(ticking);
            await("the ends are recorded").atMost(PATIENCE).untilAsserted(() -> {
                String all = app.run(
                        "curl -sk -u :%s %s/apps/ticker/jobs".formatted(cluster.key(), cluster.controllerUrl()));
                for (String job : ending) {
                    assertThat(record(all, job)).contains("\"exit_status\":7");
                }
            });
            await("lines from after the restart")
                    .atMost(PATIENCE)
                    .untilAsserted(() -> ticks(app)
                            .forEach((job, numbers) ->
                                    assertThat(numbers).as("lines of " + job).hasSizeGreaterThan(12)));
            Map<String, List<Integer>> lines = ticks(app);
            assertThat(lines.keySet()).isEqualTo(ticking);
            lines.forEach((job, numbers) -> assertThat(numbers)
                    .as("lines of " + job)
                    .isEqualTo(
                            Stream.iterate(0, i -> i + 1).limit(numbers.size()).toList()));
        }
        assertThat(Shell.at(directory).attempt("pgrep -f " + directory).out())
                .as("processes that outlive a flynn-host that ended in order")
                .isEmpty();
    }

    private Shell deploy(OneHost cluster) throws IOException {
        Path source = Files.createDirectories(cluster.home().resolve("ticker"));
        Files.writeString(source.resolve("Procfile"), """
                tick: i=0; while :; do echo tick $i; i=$((i+1)); sleep 1; done
                ender: sleep 5; exit 7
                """);
        Shell app = cluster.user().in(source);
        app.run("git init -q && git add -A && git commit -qm first && flynn create ticker");
        app.run("git push flynn master");
        return app;
    }

    private static Set<String> jobs(Shell app, String type) {
        return app.run("flynn ps")
                .lines()
                .map(line -> line.split(" +"))
                .filter(words -> words.length > 1 && words[1].equals(type))
                .map(words -> words[0])
                .collect(Collectors.toCollection(HashSet::new));
    }

    /** What the controller says of one job. */
    private static String record(String jobs, String id) {
        return Stream.of(jobs.split("\\},\\{"))
                .filter(job -> job.contains(id))
                .findFirst()
                .orElse("no job " + id);
    }

    private static Map<String, List<Integer>> ticks(Shell app) {
        Map<String, List<Integer>> ticks = new HashMap<>();
        Matcher matcher = TICK.matcher(app.run("flynn log -t tick -n 10000"));
        while (matcher.find()) {
            ticks.computeIfAbsent(matcher.group(1), job -> new ArrayList<>()).add(Integer.parseInt(matcher.group(2)));
        }
        return ticks;
    }
}
