package dev.flynn.link.proof;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A host that can be killed, held up, and started again, and everything that it told. */
final class Host implements AutoCloseable {

    private static final int END_SECONDS = 20;

    private final Machines machines;
    private final Path log;
    private HostPlan plan;
    private @Nullable Process process;
    private @Nullable Thread reader;

    // guarded by this
    private final List<Line> lines = new ArrayList<>();
    private long seenUntil;
    private boolean leads;
    private long ledServiceUntil = Long.MIN_VALUE;

    /** @param log where the process logs */
    Host(Machines machines, HostPlan plan, Path log) {
        this.machines = machines;
        this.plan = plan;
        this.log = log;
    }

    String id() {
        return plan.id();
    }

    boolean runs() {
        return process != null;
    }

    void start() {
        if (process != null) {
            return;
        }
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx192m",
                // nothing is left in /tmp when it is killed
                "-XX:-UsePerfData",
                "-Djava.io.tmpdir=" + plan.directory(),
                "-cp",
                System.getProperty("java.class.path"),
                HostMain.class.getName()));
        command.addAll(plan.toArguments());
        Process started = machines.start(plan.id(), command, log);
        int life = plan.life();
        process = started;
        reader = new Thread(() -> read(started, life), "reader-" + plan.id());
        reader.start();
    }

    private void read(Process from, int life) {
        try (BufferedReader told = from.inputReader(StandardCharsets.UTF_8)) {
            for (String line = told.readLine(); line != null; line = told.readLine()) {
                Line.parse(id(), life, line).ifPresent(this::remember);
            }
        } catch (IOException gone) {
            // the process was killed
        }
    }

    private synchronized void remember(Line line) {
        lines.add(line);
        if (line.is("leader")) {
            leads = Boolean.parseBoolean(line.word(1));
        } else if (line.is("leads")) {
            ledServiceUntil = line.number(4);
        } else if (line.is("change") && line.word(2).isEmpty()) {
            seenUntil = line.number(3);
        }
        notifyAll();
    }

    /** Whether it leads the store. */
    synchronized boolean leads() {
        return leads;
    }

    /** When it may have ceased to lead the service, as far as it told. */
    synchronized long ledServiceUntil() {
        return ledServiceUntil;
    }

    synchronized List<Line> lines() {
        return List.copyOf(lines);
    }

    void tell(String command) {
        try {
            BufferedWriter commands = running().outputWriter(StandardCharsets.UTF_8);
            commands.write(command + "\n");
            commands.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("host %s cannot be told \"%s\"".formatted(id(), command), e);
        }
    }

    /** Waits until this life has told a line of this kind; false if it does not in time. */
    synchronized boolean await(String kind, int seconds) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (lines.stream().noneMatch(line -> line.life() == plan.life() && line.is(kind))) {
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (left <= 0 || lines.stream().anyMatch(line -> line.is("broken"))) {
                return false;
            }
            wait(left);
        }
        return true;
    }

    /** SIGKILL; what it has told can still be read. */
    void kill() throws InterruptedException {
        Process killed = process;
        if (killed == null) {
            return;
        }
        killed.destroyForcibly();
        if (!killed.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException("host %s was killed and is there still".formatted(id()));
        }
        if (reader != null) {
            reader.join();
        }
        process = null;
        synchronized (this) {
            leads = false;
            plan = plan.nextLife(seenUntil);
        }
    }

    /** SIGSTOP. */
    void pause() {
        signal("STOP");
    }

    /** SIGCONT; harmless if it goes on anyway. */
    void resume() {
        if (process != null) {
            signal("CONT");
        }
    }

    private void signal(String name) {
        Machines.run(List.of("kill", "-" + name, String.valueOf(running().pid())));
    }

    private Process running() {
        return Optional.ofNullable(process)
                .orElseThrow(() -> new IllegalStateException("host %s does not run".formatted(id())));
    }

    @Override
    public void close() throws InterruptedException {
        kill();
    }
}
