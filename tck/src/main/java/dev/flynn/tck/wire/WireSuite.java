package dev.flynn.tck.wire;

import static dev.flynn.tck.wire.Outcome.BLOCKED;
import static dev.flynn.tck.wire.Outcome.FAILED;
import static dev.flynn.tck.wire.Outcome.PASSED;
import static dev.flynn.tck.wire.Outcome.SKIPPED;
import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apiguardian.api.API;

/**
 * Looks at a cluster's HTTP API from outside: is it what clients of the contract rely on?
 *
 * <pre>{@code
 * var target = new Target(URI.create("https://controller.example.com"), key, Trust.pin(pin), Optional.empty());
 * Report report = new WireSuite(target, Settings.DEFAULTS).run(result -> {});
 * }</pre>
 *
 * <p>Everything that it makes is named {@code tck-…} and deleted before {@link #run} returns, whatever happened; what the contract
 * has no way to delete is in {@link Report#remains()}. A program that may be ended before should call {@link #clean()} as it ends.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public final class WireSuite {

    /** Changes when a check is added, changed or removed. */
    public static final String VERSION = "1.0";

    private static final int AT_ONCE = 8;

    private final Bench bench;
    private final Blotter blotter;
    private final List<Check> checks;

    public WireSuite(Target target, Settings settings) {
        this.bench = new Bench(target, settings);
        this.blotter = new Blotter(target.key());
        this.checks = selected(settings);
    }

    private static List<Check> selected(Settings settings) {
        Pattern only = globs(settings.only());
        Pattern skip = globs(settings.skip());
        return Catalogue.whole().stream()
                .filter(check -> settings.profile().includes(check.profile()))
                .filter(check -> only.matcher(check.id()).matches())
                .filter(check -> !skip.matcher(check.id()).matches())
                .toList();
    }

    private static Pattern globs(String globs) {
        return Pattern.compile(Stream.of(globs.split(","))
                .map(glob -> Stream.of(glob.strip().split("\\*", -1))
                        .map(Pattern::quote)
                        .collect(Collectors.joining(".*")))
                .collect(Collectors.joining("|")));
    }

    /** A line for each check that would be made: its id, the contract's section, the endpoint, what it says. */
    public List<String> list() {
        return checks.stream().map(check -> check.title() + ": " + check.says()).toList();
    }

    /** Makes all checks. */
    public Report run(Consumer<Result> progress) {
        Instant at = Instant.now();
        long begin = System.nanoTime();
        List<Result> results;
        List<String> remains;
        try {
            results = runAll(progress);
        } finally {
            remains = clean();
        }
        return new Report(
                VERSION,
                bench.target().url().toString(),
                bench.settings().profile(),
                at,
                Duration.ofNanos(System.nanoTime() - begin),
                results,
                remains);
    }

    /** Deletes what was made; says what remains. Checks that still run come to nothing. */
    public List<String> clean() {
        bench.end();
        return bench.leftovers().clean();
    }

    private List<Result> runAll(Consumer<Result> progress) {
        var number = new AtomicInteger();
        ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE, task -> {
            var thread = new Thread(task, "tck-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        try {
            Map<String, Result> results = new HashMap<>();
            List<Future<Result>> running = checks.stream()
                    .sorted(Comparator.comparing(Check::begins))
                    .map(check -> threads.submit(() -> run(check, progress)))
                    .toList();
            for (Future<Result> each : running) {
                Result result = each.get();
                results.put(result.check(), result);
            }
            return checks.stream()
                    .map(check -> requireNonNull(results.get(check.id())))
                    .toList();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } finally {
            threads.shutdownNow();
        }
    }

    private Result run(Check check, Consumer<Result> progress) {
        long begin = System.nanoTime();
        var lab = new Lab(bench);
        Outcome outcome = PASSED;
        String message = "";
        try {
            check.body().run(lab);
        } catch (ContractBroken e) {
            outcome = FAILED;
            message = String.valueOf(e.getMessage());
        } catch (Blocked e) {
            outcome = BLOCKED;
            message = String.valueOf(e.getMessage());
        } catch (Inapplicable e) {
            outcome = SKIPPED;
            message = String.valueOf(e.getMessage());
        } catch (Exception e) {
            outcome = FAILED;
            message = "the check itself failed: " + e;
        } finally {
            lab.close();
        }
        var result = new Result(
                check.id(),
                check.endpoint(),
                check.section(),
                check.says(),
                outcome,
                blotter.blot(message),
                outcome.isBad() ? blotter.transcript(lab.exchanges()) : List.of(),
                Duration.ofNanos(System.nanoTime() - begin));
        synchronized (progress) {
            progress.accept(result);
        }
        return result;
    }
}
