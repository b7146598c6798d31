package dev.flynn.distro.cluster;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.bootstrap.Bootstrap;
import dev.flynn.bootstrap.BootstrapOutput;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Turns hosts that found each other into a platform (contract: layer 0, bootstrap). */
@Command(
        name = "bootstrap",
        description =
                "Starts the platform's own apps on the hosts of the cluster. Run it on one of them; what was done stays done, so that it can be repeated.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Example: CLUSTER_DOMAIN=apps.example.com flynn-host bootstrap --min-hosts 3",
            "Example: flynn-host bootstrap --min-hosts 3 --from-backup flynn-backup-2026-11-21_093000.tar",
            "The line at the end adds the cluster to the flynn command line."
        })
public final class BootstrapCommand implements Callable<Integer> {

    private static final Duration CALL_TIMEOUT = Duration.ofSeconds(15);
    private static final long PAUSE_MILLIS = 200;

    /** Of a daemon that was there before. */
    private static final Duration SILENCE = Duration.ofMinutes(1);

    @Mixin
    private LocalDaemon.Options daemon = new LocalDaemon.Options();

    @Option(
            names = {"-n", "--min-hosts"},
            paramLabel = "MIN",
            description = "How many hosts have to be there: 1, or 3 and more (default: as many as --peer-ips, else 1).")
    private @Nullable Integer minHosts;

    @Option(
            names = {"-t", "--timeout"},
            paramLabel = "SECS",
            defaultValue = "30",
            description = "How long to wait for them (default: ${DEFAULT-VALUE}).")
    private long timeoutSeconds = 30;

    @Option(names = "--json", description = "Print a JSON object per line to standard output, complete with secrets.")
    private boolean json;

    @Option(
            names = "--discovery",
            paramLabel = "TOKEN",
            description = "Taken for compatibility: the hosts are those that joined the cluster.")
    private @Nullable String discovery;

    @Option(
            names = "--peer-ips",
            paramLabel = "IPLIST",
            description = "Taken for compatibility: tells how many hosts there are.")
    private @Nullable String peerIps;

    @Option(
            names = "--from-backup",
            paramLabel = "FILE",
            description = "Restore what flynn cluster backup wrote: apps, routes, keys and all, on new hosts.")
    private @Nullable Path backup;

    @Parameters(
            arity = "0..1",
            paramLabel = "MANIFEST",
            description = "A file with the steps, - for standard input (default: the one that this version has).")
    private @Nullable String manifest;

    @Override
    public Integer call() throws InterruptedException {
        String steps = readManifest();
        var request =
                new BootstrapRequest(steps, environment(steps, System.getenv()), hosts(), timeoutSeconds, backup());
        BootstrapOutput output = json
                ? BootstrapOutput.json(System.out, new FlynnJson(), Clock.systemUTC())
                : BootstrapOutput.text(System.err, Clock.systemUTC(), ZoneId.systemDefault());
        follow(started(request), output);
        return 0;
    }

    /** The daemon of this host reads it. */
    private Optional<String> backup() {
        if (backup == null) {
            return Optional.empty();
        }
        if (!Files.isReadable(backup)) {
            throw FlynnException.invalid("cannot read the backup " + backup);
        }
        return Optional.of(backup.toAbsolutePath().toString());
    }

    private int hosts() {
        int wanted = minHosts != null ? minHosts : peerIps != null ? peerIps.split(",").length : 1;
        if (wanted < 1) {
            throw FlynnException.invalid("--min-hosts must be at least 1, was " + wanted);
        }
        if (wanted == 2) {
            throw FlynnException.invalid(
                    "the minimum number of hosts for a multi-node cluster is 3, min-hosts=2 is invalid: of two, neither could go on without the other");
        }
        return wanted;
    }

    private String readManifest() {
        try {
            if (manifest == null) {
                return Bootstrap.defaultManifest();
            }
            return manifest.equals("-")
                    ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
                    : Files.readString(Path.of(manifest));
        } catch (IOException e) {
            throw FlynnException.invalid("cannot read the manifest %s: %s".formatted(manifest, e));
        }
    }

    /** Only what the manifest names leaves this process. */
    static Map<String, String> environment(String manifest, Map<String, String> all) {
        Map<String, String> named = new HashMap<>(all);
        named.keySet()
                .removeIf(name -> !manifest.contains("\"" + name + "\"") && !manifest.contains("\\\"" + name + "\\\""));
        return named;
    }

    /** The daemon may have been started a moment ago. */
    private LocalDaemon started(BootstrapRequest request) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(timeoutSeconds);
        boolean told = false;
        while (true) {
            try {
                LocalDaemon local = daemon.open();
                local.call(
                        BootstrapService.SERVICE, BootstrapService.START, new FlynnJson().write(request), CALL_TIMEOUT);
                return local;
            } catch (FlynnException e) {
                if (e.code() != ErrorCode.SERVICE_UNAVAILABLE || System.nanoTime() > deadline) {
                    throw e;
                }
                if (!told) {
                    told = true;
                    System.err.println("flynn-host: waiting for this host's daemon: " + e.getMessage());
                }
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
    }

    private static void follow(LocalDaemon daemon, BootstrapOutput output) throws InterruptedException {
        int seen = 0;
        while (true) {
            BootstrapProgress progress = progress(daemon, seen);
            progress.events().forEach(event -> event.tell(output));
            seen += progress.events().size();
            if (progress.done()) {
                if (!progress.errorCode().isEmpty()) {
                    throw new FlynnException(ErrorCode.ofWireName(progress.errorCode()), progress.errorMessage());
                }
                return;
            }
        }
    }

    /** What is new since then; a daemon that does not answer for a moment is asked again. */
    private static BootstrapProgress progress(LocalDaemon daemon, int seen) throws InterruptedException {
        var json = new FlynnJson();
        String question = json.write(new BootstrapProgress.Poll(seen));
        long deadline = System.nanoTime() + SILENCE.toNanos();
        while (true) {
            try {
                String answer = daemon.call(BootstrapService.SERVICE, BootstrapService.POLL, question, CALL_TIMEOUT);
                return json.read(answer, BootstrapProgress.class);
            } catch (FlynnException e) {
                if (e.code() != ErrorCode.SERVICE_UNAVAILABLE || System.nanoTime() > deadline) {
                    throw e;
                }
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
    }
}
