package dev.flynn.router.nginx;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.NamedThreads;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One run of nginx, from its start to its end: a master process, which this one started, and its workers. */
final class NginxProcess {

    private static final Logger log = LoggerFactory.getLogger(NginxProcess.class);

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration KILL_PATIENCE = Duration.ofSeconds(5);
    private static final int POLL_MILLIS = 5;
    private static final int REMEMBERED_LINES = 20;
    private static final String WORKER = "nginx: worker process";
    private static final String LEAVING = "is shutting down";

    private final NginxSettings settings;
    private final Process master;

    /** The last lines that it said; only to be touched under the lock of itself. */
    private final Deque<String> said = new ArrayDeque<>();

    private NginxProcess(NginxSettings settings, Process master) {
        this.settings = settings;
        this.master = master;
        LastWill will = LastWill.of(master.pid(), settings.configuration());
        var unused = master.onExit().thenRun(will::close);
        new NamedThreads("nginx-log-" + settings.httpPort())
                .newThread(this::listen)
                .start();
    }

    /** Asks nginx what it thinks of a configuration. */
    static Commands.Result test(NginxSettings settings, Path configuration) {
        return Commands.run(command(settings, "-t", "-q", "-c", configuration.toString()));
    }

    /** The first line that says what is wrong, without time and process. */
    static String firstFault(String output) {
        return output.lines()
                .filter(line -> line.contains("[emerg]") || line.contains("[error]"))
                .findFirst()
                .orElse(output)
                .replaceFirst("^.*?\\[(?:emerg|error)\\] (?:\\d+#\\d+: )?", "")
                .strip();
    }

    /**
     * Starts an nginx, and returns when it serves.
     *
     * @throws FlynnException {@code UNAVAILABLE} with nginx's own words if it does not
     */
    static NginxProcess start(NginxSettings settings) {
        endLeftOver(settings.directory());
        Process master;
        try {
            master = new ProcessBuilder(
                            command(settings, "-c", settings.configuration().toString()))
                    .redirectErrorStream(true)
                    .start();
            master.getOutputStream().close();
        } catch (IOException e) {
            throw FlynnException.unavailable("nginx cannot be started (%s)".formatted(e.getMessage()), e);
        }
        NginxProcess process = new NginxProcess(settings, master);
        boolean up = await(() -> !master.isAlive() || process.serving().size() >= settings.workers());
        if (!up || !master.isAlive()) {
            process.kill();
            throw FlynnException.unavailable("nginx did not start: " + process.complaint(), null);
        }
        return process;
    }

    long id() {
        return master.pid();
    }

    boolean isAlive() {
        return master.isAlive();
    }

    /** Calls when it has ended, by itself or not. */
    void onEnd(Runnable ended) {
        var unused = master.onExit().thenRun(ended);
    }

    /**
     * Takes over the configuration file, and returns when it alone decides about new connections.
     *
     * @throws FlynnException {@code UNAVAILABLE} with nginx's own words if it goes on with the former one
     */
    void reload() {
        Set<Long> former = serving();
        synchronized (said) {
            said.clear();
        }
        signal("HUP");
        boolean taken = await(() -> !master.isAlive() || complained() || !former.isEmpty() && isTakenOver(former));
        if (!taken || complained() || !master.isAlive()) {
            throw FlynnException.unavailable("nginx did not take over its new configuration: " + complaint(), null);
        }
    }

    private boolean isTakenOver(Set<Long> former) {
        Set<Long> now = serving();
        Set<Long> left = new HashSet<>(now);
        left.retainAll(former);
        return left.isEmpty() && !now.isEmpty();
    }

    /** Lets requests in flight finish for a while, then ends all of it. */
    void quit(Duration grace) {
        if (master.isAlive()) {
            signal("QUIT");
        }
        try {
            if (!master.waitFor(grace.toMillis(), TimeUnit.MILLISECONDS)) {
                log.atInfo()
                        .addKeyValue("grace", grace)
                        .log("requests still in flight when the router closed were ended");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        kill();
    }

    private void kill() {
        List<ProcessHandle> workers = master.descendants().toList();
        end(master.toHandle());
        workers.forEach(NginxProcess::end);
    }

    /** Ends a master that outlived the program that started it in a directory, because it holds the ports. */
    static void endLeftOver(Path directory) {
        Path file = NginxSettings.processId(directory);
        try {
            // a test of a configuration makes an empty one
            String written = Files.exists(file) ? Files.readString(file).strip() : "";
            if (written.isEmpty()) {
                return;
            }
            long id = Long.parseLong(written);
            if (title(id).contains(NginxSettings.configuration(directory).toString())) {
                log.atWarn().addKeyValue("process", id).log("an nginx that was left over is ended");
                ProcessHandle.of(id).ifPresent(master -> {
                    List<ProcessHandle> workers = master.descendants().toList();
                    end(master);
                    workers.forEach(NginxProcess::end);
                });
            }
            Files.deleteIfExists(file);
        } catch (IOException | NumberFormatException e) {
            log.atWarn().addKeyValue("reason", e.getMessage()).log("the process id of a former nginx cannot be read");
        }
    }

    /** Politely at first: a master takes its workers with it. */
    private static void end(ProcessHandle process) {
        process.destroy();
        if (!await(() -> !process.isAlive(), KILL_PATIENCE)) {
            process.destroyForcibly();
            await(() -> !process.isAlive(), KILL_PATIENCE);
        }
    }

    /** The workers that accept connections. */
    private Set<Long> serving() {
        return master.toHandle()
                .children()
                .map(ProcessHandle::pid)
                .filter(id -> {
                    String title = title(id);
                    return title.startsWith(WORKER) && !title.contains(LEAVING);
                })
                .collect(Collectors.toSet());
    }

    private static String title(long id) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(id), "cmdline"), StandardCharsets.ISO_8859_1);
        } catch (IOException gone) {
            return "";
        }
    }

    private void signal(String name) {
        Commands.run(List.of("/bin/sh", "-c", "kill -" + name + " " + master.pid()));
    }

    private void listen() {
        try (BufferedReader lines = master.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                synchronized (said) {
                    said.addLast(line);
                    if (said.size() > REMEMBERED_LINES) {
                        said.removeFirst();
                    }
                }
                if (line.contains("[emerg]") || line.contains("[alert]") || line.contains("[crit]")) {
                    log.atError().addKeyValue("nginx", line).log("nginx complains");
                } else {
                    log.atDebug().addKeyValue("nginx", line).log("nginx says");
                }
            }
        } catch (IOException ended) {
            log.atDebug().log("nginx has closed its log");
        }
    }

    private boolean complained() {
        synchronized (said) {
            return said.stream().anyMatch(line -> line.contains("[emerg]"));
        }
    }

    private String complaint() {
        synchronized (said) {
            return said.isEmpty() ? "it says nothing" : firstFault(String.join("\n", said));
        }
    }

    private static List<String> command(NginxSettings settings, String... arguments) {
        List<String> command = new java.util.ArrayList<>(List.of(
                settings.binary().path().toString(),
                "-e",
                "stderr",
                "-p",
                settings.directory().toString()));
        command.addAll(List.of(arguments));
        return command;
    }

    private static boolean await(BooleanSupplier condition) {
        return await(condition, PATIENCE);
    }

    private static boolean await(BooleanSupplier condition, Duration patience) {
        long deadline = System.nanoTime() + patience.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0 || Thread.currentThread().isInterrupted()) {
                return false;
            }
            try {
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        return true;
    }
}
