package com.example.flynn.shell;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.spi.container.JobListener;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** One job: a reaper process, which runs the job's own, on a leash that is the reaper's standard input. */
final class ShellJob implements Runnable {

    /** Something that happened, to be told to every listener. */
    @FunctionalInterface
    interface News {
        void tell(JobListener listener);
    }

    private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private final JobSpec spec;
    private final Path directory;
    private final Path reaper;
    private final String address;
    private final Clock clock;
    private final Executor threads;
    private final Consumer<News> news;
    private final CountDownLatch down = new CountDownLatch(1);

    /** Calls about one job come one at a time. */
    private final Object delivery = new Object();

    private final Object leashLock = new Object();
    private final StringBuilder ordersBeforeTheStart = new StringBuilder();
    private OutputStream leash;

    private volatile JobStatus status;

    ShellJob(
            JobSpec spec,
            Path directory,
            Path reaper,
            String address,
            Clock clock,
            Executor threads,
            Consumer<News> news) {
        this.spec = spec;
        this.directory = directory;
        this.reaper = reaper;
        this.address = address;
        this.clock = clock;
        this.threads = threads;
        this.news = news;
        this.status = JobStatus.starting(spec.id(), clock.instant());
    }

    JobStatus status() {
        return status;
    }

    @Override
    public void run() {
        tell(status);
        JobStatus end;
        try {
            end = runToTheEnd();
        } catch (IOException e) {
            end = status.failed(String.valueOf(e.getMessage()), clock.instant());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            end = status.failed("interrupted", clock.instant());
        }
        deleteDirectory();
        tell(end);
        down.countDown();
    }

    private JobStatus runToTheEnd() throws IOException, InterruptedException {
        List<String> command = Stream.concat(spec.entrypoint().stream(), spec.cmd().stream()).toList();
        if (command.isEmpty()) {
            throw new IOException("the job has no command, and the image " + spec.image().uri() + " has none either");
        }
        deleteDirectory();
        Path home = Files.createDirectories(directory.resolve("home"));
        write("command", command);
        write("env", environment(home));
        var builder = new ProcessBuilder("perl", reaper.toString(), directory.toString()).directory(home.toFile());
        builder.environment().clear();
        builder.environment().put("PATH", PATH);
        Process process = builder.start();
        tieTo(process);
        CompletableFuture<Void> running = CompletableFuture.runAsync(() -> tellWhenRunning(process), threads);
        CompletableFuture<Void> out = pump(process.getInputStream(), OutputStreamKind.STDOUT);
        CompletableFuture<Void> err = pump(process.getErrorStream(), OutputStreamKind.STDERR);
        process.waitFor();
        CompletableFuture.allOf(running, out, err).join();
        return ended();
    }

    /** Output may come before this is told, which is fine: only the end must come last. */
    private void tellWhenRunning(Process process) {
        try {
            while (process.isAlive() && reports().isEmpty()) {
                TimeUnit.MILLISECONDS.sleep(2);
            }
            if (reports().contains("running")) {
                tell(status.running(address, clock.instant()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What the reaper has said so far, whole lines only. */
    private List<String> reports() throws IOException {
        Path file = directory.resolve("status");
        if (!Files.exists(file)) {
            return List.of();
        }
        String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    }

    private JobStatus ended() throws IOException {
        List<String> reports = reports();
        String last = reports.isEmpty() ? "" : reports.get(reports.size() - 1);
        String[] words = last.split(" ", 2);
        return switch (words[0]) {
            case "exit" -> status.exited(Integer.parseInt(words[1]), clock.instant());
            case "signal" -> status.signalled(Integer.parseInt(words[1]), clock.instant());
            case "error" -> status.failed(words[1], clock.instant());
            default -> status.failed("its reaper was killed", clock.instant());
        };
    }

    private CompletableFuture<Void> pump(InputStream stream, OutputStreamKind kind) {
        return CompletableFuture.runAsync(
                () -> {
                    byte[] buffer = new byte[16 * 1024];
                    try (stream) {
                        for (int count = stream.read(buffer); count >= 0; count = stream.read(buffer)) {
                            byte[] bytes = Arrays.copyOf(buffer, count);
                            synchronized (delivery) {
                                news.accept(listener -> listener.onOutput(spec.id(), kind, bytes));
                            }
                        }
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                threads);
    }

    private void tell(JobStatus next) {
        synchronized (delivery) {
            status = next;
            news.accept(listener -> listener.onStatus(next));
        }
    }

    /** Also before there is a process: the order waits for it. */
    void stop(Duration grace) {
        order(String.format(Locale.ROOT, "stop %.3f%n", grace.toMillis() / 1000.0));
    }

    private void order(String order) {
        synchronized (leashLock) {
            if (leash == null) {
                ordersBeforeTheStart.append(order);
                return;
            }
            try {
                leash.write(order.getBytes(StandardCharsets.US_ASCII));
                leash.flush();
            } catch (IOException itHasEnded) {
                // which is what was asked for
            }
        }
    }

    private void tieTo(Process process) {
        synchronized (leashLock) {
            leash = process.getOutputStream();
            order(ordersBeforeTheStart.toString());
        }
    }

    void awaitDown() {
        try {
            down.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void deleteDirectory() {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        } catch (IOException | UncheckedIOException e) {
            System.getLogger(ShellJob.class.getName())
                    .log(System.Logger.Level.WARNING, "cannot delete " + directory, e);
        }
    }

    private Collection<String> environment(Path home) {
        Map<String, String> variables = new TreeMap<>(Map.of("PATH", PATH));
        variables.putAll(spec.env());
        variables.putIfAbsent("HOME", home.toString());
        return variables.entrySet().stream()
                .map(variable -> variable.getKey() + "=" + variable.getValue())
                .toList();
    }

    /** In UTF-8, whatever the locale of this JVM says about command lines. */
    private void write(String name, Collection<String> items) throws IOException {
        var text = new StringBuilder();
        for (String item : items) {
            if (item.indexOf('\0') >= 0) {
                throw new IOException("the " + name + " of the job has a NUL, which no process can be given");
            }
            text.append(item).append('\0');
        }
        Files.writeString(directory.resolve(name), text);
    }
}
