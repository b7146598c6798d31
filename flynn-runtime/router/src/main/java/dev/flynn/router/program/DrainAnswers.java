package dev.flynn.router.program;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouteTable.Backend;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Drains;
import dev.flynn.state.Drains.Wish;
import dev.flynn.state.TableView;
import dev.flynn.state.Versioned;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the hosts of jobs that are to be stopped when this router has nothing in flight there: once its table does not name
 * them, and what began before is over. Only one thread may call its methods.
 */
final class DrainAnswers implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(DrainAnswers.class);
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(2);

    private final Drains drains;
    private final String routerId;
    private final TableView<Wish> wishes;

    /** Writes answers, so that a slow store holds nothing else up. */
    private final ExecutorService writer =
            java.util.concurrent.Executors.newSingleThreadExecutor(new NamedThreads("router-drains"));

    /** What the table names. */
    private Set<String> named = Set.of();

    /** What it named before, and has requests in flight. */
    private final Set<String> draining = new HashSet<>();

    /** The revisions of the wishes that were answered, by job. */
    private final Map<String, Long> answered = new HashMap<>();

    private boolean applied;

    /**
     * @param routerId the id of the router's job
     * @param onWish runs on any thread when somebody wants an answer
     */
    DrainAnswers(ClusterState state, String routerId, Runnable onWish) {
        this.drains = new Drains(state);
        this.routerId = routerId;
        this.wishes = drains.wishes(onWish);
    }

    /**
     * A table is about to be applied.
     *
     * @param tellsDrained whether the router will tell of each backend that is drained; else those that leave count as such
     */
    void applying(RouteTable table, boolean tellsDrained) {
        Set<String> next = table.backends().values().stream()
                .flatMap(backends -> backends.stream().map(Backend::addr))
                .collect(Collectors.toSet());
        if (tellsDrained) {
            named.stream().filter(addr -> !next.contains(addr)).forEach(draining::add);
        }
        draining.removeAll(next);
        named = next;
    }

    /** The table was applied. */
    void applied() {
        applied = true;
        answer();
    }

    void drained(String addr) {
        draining.remove(addr);
        answer();
    }

    /** Answers whom there is something to say to. */
    void answer() {
        var wanted = wishes.records();
        answered.keySet().retainAll(wanted.keySet());
        wanted.forEach((job, wish) -> {
            boolean isNew = answered.getOrDefault(job, 0L) != wish.modRevision();
            if (applied && isNew && isDone(wish.value())) {
                answered.put(job, wish.modRevision());
                write(job, wish);
            }
        });
    }

    private boolean isDone(Wish wish) {
        return wish.addresses().stream().noneMatch(addr -> named.contains(addr) || draining.contains(addr));
    }

    private void write(String job, Versioned<Wish> wish) {
        try {
            writer.execute(() -> {
                try {
                    drains.answer(wish, routerId);
                } catch (FlynnException e) {
                    log.atWarn()
                            .addKeyValue("job", job)
                            .setCause(e)
                            .log("cannot tell that a job is drained; its host waits for a while");
                }
            });
        } catch (RejectedExecutionException closed) {
            log.atDebug().addKeyValue("job", job).log("drained after the end of the router");
        }
    }

    @Override
    public void close() {
        wishes.close();
        Executors.stop(writer, "router-drains", STOP_PATIENCE);
    }
}
