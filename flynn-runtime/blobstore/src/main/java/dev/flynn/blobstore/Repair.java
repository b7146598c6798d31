package dev.flynn.blobstore;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.DiskReserve;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.state.TableView;
import dev.flynn.state.Versioned;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings copies to where they should be, and deletes those that nothing refers to: a reconciler of one host, on a thread of its
 * own, one object after the other.
 */
final class Repair implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Repair.class);

    /**
     * How it goes about it.
     *
     * @param period between looks when nothing is heard of
     * @param pause after a change, so that many changes are looked at together
     * @param grace how long a copy that nothing refers to is left alone: its put may be under way
     */
    record Pace(Duration period, Duration pause, Duration grace, long bytesPerSecond) {
        static final Pace USUAL =
                new Pace(Duration.ofSeconds(10), Duration.ofSeconds(1), Duration.ofHours(1), 32L << 20);
    }

    private final BlobTable table;
    private final Copies copies;
    private final Peers peers;
    private final CopySender sender;
    private final DiskReserve reserve;
    private final Pace pace;
    private final LongSupplier nanos;
    private final Preparation preparation;
    private final ScheduledExecutorService thread =
            java.util.concurrent.Executors.newSingleThreadScheduledExecutor(new NamedThreads("blob-repair"));

    // of the thread
    private @Nullable TableView<BlobRecord> view;
    private Map<String, Versioned<BlobRecord>> seen = Map.of();
    private @Nullable Members seenMembers;
    private volatile boolean settled;
    private final Map<String, Long> unreferencedSince = new HashMap<>();
    private String reported = "";

    // guarded by this
    private @Nullable ScheduledFuture<?> soon;

    /** Done before the first look, and again until it succeeds. */
    @FunctionalInterface
    interface Preparation {
        void run() throws IOException;
    }

    Repair(
            BlobTable table,
            Copies copies,
            Peers peers,
            DiskReserve reserve,
            Pace pace,
            LongSupplier nanos,
            Preparation preparation) {
        this.table = table;
        this.copies = copies;
        this.peers = peers;
        this.sender = new CopySender(copies, peers);
        this.reserve = reserve;
        this.pace = pace;
        this.nanos = nanos;
        this.preparation = preparation;
    }

    void start() {
        var unused = thread.scheduleWithFixedDelay(
                this::look, pace.pause().toMillis(), pace.period().toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Looks soon. */
    synchronized void wake() {
        if (!thread.isShutdown() && (soon == null || soon.isDone())) {
            soon = thread.schedule(this::look, pace.pause().toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /** A copy that should be here is not. */
    void missing(String version) {
        log.atDebug().addKeyValue("version", version).log("no copy here");
        settled = false;
        wake();
    }

    private void look() {
        try {
            reconcile();
        } catch (IOException | RuntimeException e) {
            settled = false;
            if (!Thread.currentThread().isInterrupted()) {
                log.atWarn().setCause(e).log("cannot look after the copies of objects now");
            }
        }
    }

    /** One look, and what follows from it. Runs on one thread at a time. */
    void reconcile() throws IOException {
        if (view == null) {
            preparation.run();
            view = table.view(this::wake);
        }
        Map<String, Versioned<BlobRecord>> records = view.records();
        Members members = peers.members();
        if (settled && records == seen && members.equals(seenMembers)) {
            return;
        }
        deleteReplaced(seen, records);
        seen = records;
        seenMembers = members;
        RepairPlan plan = RepairPlan.of(values(records), members, copies.versions());
        report(plan);
        deleteUnreferenced(plan);
        boolean done = true;
        for (RepairPlan.Task task : plan.tasks()) {
            done &= doTask(task, members);
        }
        settled = done && plan.isDone();
    }

    private static List<BlobRecord> values(Map<String, Versioned<BlobRecord>> records) {
        return records.values().stream().map(Versioned::value).toList();
    }

    private void report(RepairPlan plan) {
        String state = "%d/%d".formatted(plan.underReplicated(), plan.lost());
        if (state.equals(reported)) {
            return;
        }
        reported = state;
        var line = plan.lost() > 0 ? log.atWarn() : log.atInfo();
        line.addKeyValue("under-replicated", plan.underReplicated())
                .addKeyValue("unreachable", plan.lost())
                .addKeyValue("tasks", plan.tasks().size())
                .log("copies of objects");
    }

    /** A version that was replaced or deleted never comes back. */
    private void deleteReplaced(Map<String, Versioned<BlobRecord>> before, Map<String, Versioned<BlobRecord>> now)
            throws IOException {
        for (Map.Entry<String, Versioned<BlobRecord>> old : before.entrySet()) {
            String version = old.getValue().value().version();
            Versioned<BlobRecord> current = now.get(old.getKey());
            if (current == null || !current.value().version().equals(version)) {
                copies.delete(version);
            }
        }
    }

    private void deleteUnreferenced(RepairPlan plan) throws IOException {
        unreferencedSince.keySet().retainAll(plan.unreferenced());
        long time = nanos.getAsLong();
        plan.unreferenced().forEach(version -> unreferencedSince.putIfAbsent(version, time));
        Set<String> old = unreferencedSince.entrySet().stream()
                .filter(since -> time - since.getValue() > pace.grace().toNanos())
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
        if (old.isEmpty()) {
            return;
        }
        // what is seen here may be behind the store
        String self = peers.members().self();
        Set<String> referenced = table.list("").stream()
                .filter(record -> record.isOn(self))
                .map(BlobRecord::version)
                .collect(Collectors.toSet());
        for (String version : old) {
            if (!referenced.contains(version)) {
                copies.delete(version);
            }
            unreferencedSince.remove(version);
        }
    }

    private boolean doTask(RepairPlan.Task task, Members members) {
        try {
            if (task instanceof RepairPlan.Fetch fetch) {
                return fetch(fetch.record(), members);
            } else if (task instanceof RepairPlan.Spread spread) {
                return spread(spread);
            } else if (task instanceof RepairPlan.Leave leave) {
                leave(leave.record(), members);
            }
            return true;
        } catch (IOException | FlynnException e) {
            log.atWarn().addKeyValue("key", task.record().key()).setCause(e).log("cannot repair an object now");
            return false;
        }
    }

    private boolean fetch(BlobRecord record, Members members) throws IOException {
        reserve.require("the copy of " + record.key(), record.size());
        Deque<String> sources = new ArrayDeque<>(ReplicatedBlobStore.sources(record, members));
        while (!sources.isEmpty()) {
            Optional<InputStream> found = peers.open(sources.remove(), record.version(), 0);
            if (found.isPresent()) {
                try (InputStream content = slowly(found.get())) {
                    var unused =
                            copies.put(record.version(), record.contentType(), content, Optional.of(record.etag()));
                    log.atInfo().addKeyValue("key", record.key()).log("got back the copy of an object");
                    return true;
                }
            }
        }
        return false;
    }

    private boolean spread(RepairPlan.Spread task) throws IOException {
        BlobRecord record = task.record();
        CopySender.Sent sent = sender.send(record.version(), task.candidates(), task.missing(), this::slowly);
        if (!sent.hosts().isEmpty()
                && table.change(record, known -> known.withHosts(sent.hosts())).isPresent()) {
            log.atInfo()
                    .addKeyValue("key", record.key())
                    .addKeyValue("hosts", sent.hosts())
                    .log("more copies of an object");
        }
        boolean enough = sent.hosts().size() >= task.missing();
        if (!enough) {
            log.atWarn()
                    .addKeyValue("key", record.key())
                    .addKeyValue("failures", sent.failures())
                    .log("an object has too few copies");
        }
        return enough;
    }

    /** The record first, and only while it is as it was: two who both leave would be one too many. */
    private void leave(BlobRecord record, Members members) throws IOException {
        Optional<BlobRecord> changed =
                table.change(record, known -> known.equals(record) ? known.withoutHost(members.self()) : known);
        if (changed.isPresent() && !changed.get().isOn(members.self())) {
            copies.delete(record.version());
        }
    }

    private InputStream slowly(InputStream content) {
        return new Throttle(content, pace.bytesPerSecond());
    }

    @Override
    public void close() {
        Executors.stop(thread, "blob-repair", Duration.ofSeconds(2));
        if (view != null) {
            view.close();
        }
    }
}
