package dev.flynn.disk;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.app.App;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.Host;
import dev.flynn.api.id.AppId;
import dev.flynn.base.NamedThreads;
import dev.flynn.disk.DiskReport.AppUse;
import dev.flynn.disk.DiskReport.Use;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches over the disk of a host. Every ten minutes, and as soon as the reserve is touched, it deletes what its policy says;
 * while that does not help, no new jobs of apps begin here, and the scheduler places none. What is in use is never deleted.
 *
 * <p>A look at the free space, once a minute, is all that it costs while there is nothing to do.
 */
public final class HostDisk implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(HostDisk.class);

    private static final Duration FIRST_LOOK = Duration.ofSeconds(5);
    private static final Duration LOOK = Duration.ofMinutes(1);
    private static final Duration COLLECTION = Duration.ofMinutes(10);

    private final String hostId;
    private final Path root;
    private final ClusterState state;
    private final GarbagePolicy policy;
    private final List<Shelf> shelves;
    private final Map<String, Path> others;
    private final Optional<VolumeShelf> volumes;
    private final LongSupplier usable;
    private final ScheduledExecutorService executor =
            Executors.newSingleThreadScheduledExecutor(new NamedThreads("disk"));

    private Instant collectedAt;
    private volatile @Nullable String refusal;

    private HostDisk(Builder builder) {
        this.hostId = builder.hostId;
        this.root = builder.root;
        this.state = builder.state;
        this.policy = builder.policy;
        this.shelves = List.copyOf(builder.shelves);
        this.others = Map.copyOf(builder.others);
        this.volumes = shelves.stream()
                .filter(VolumeShelf.class::isInstance)
                .map(VolumeShelf.class::cast)
                .findFirst();
        this.usable = builder.usable == null ? this::usableBytes : builder.usable;
        this.collectedAt = state.clock().instant();
    }

    /** @param root with the host's data, on the file system that is watched */
    public static Builder builder(String hostId, Path root, ClusterState state, GarbagePolicy policy) {
        return new Builder(hostId, root, state, policy);
    }

    /** Begins to look by itself. */
    public HostDisk start() {
        var unused = executor.scheduleWithFixedDelay(
                this::lookQuietly, FIRST_LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
        return this;
    }

    private void lookQuietly() {
        try {
            look();
        } catch (RuntimeException e) {
            log.atWarn().setCause(e).log("cannot look after the disk; it is tried again");
        }
    }

    /** What is due now. */
    synchronized void look() {
        Instant now = state.clock().instant();
        boolean touched = usable.getAsLong() < policy.reserveBytes();
        if (touched || !now.isBefore(collectedAt.plus(COLLECTION))) {
            collect();
        } else {
            judge();
        }
    }

    /** Why no new job of an app may begin here; empty if it may. */
    public Optional<String> refusal() {
        return Optional.ofNullable(refusal);
    }

    /**
     * Deletes what may go by now.
     *
     * @return what is gone
     */
    public synchronized List<Item> collect() {
        Instant now = state.clock().instant();
        collectedAt = now;
        Map<String, Shelf> byName = new HashMap<>();
        List<Item> items = new ArrayList<>();
        for (Shelf shelf : shelves) {
            byName.put(shelf.name(), shelf);
            attempt(shelf, () -> items.addAll(shelf.items()));
        }
        List<Item> gone = new ArrayList<>();
        for (Item item : policy.choose(items, usable.getAsLong(), now)) {
            Shelf shelf = requireNonNull(byName.get(item.shelf()), "shelf");
            attempt(shelf, () -> {
                if (shelf.delete(item)) {
                    gone.add(item);
                }
            });
        }
        if (!gone.isEmpty()) {
            log.atInfo()
                    .addKeyValue("items", gone.size())
                    .addKeyValue("bytes", gone.stream().mapToLong(Item::bytes).sum())
                    .log("what nobody needs any more is deleted");
        }
        judge();
        return gone;
    }

    @FunctionalInterface
    private interface Step {
        void run() throws IOException;
    }

    /** One kind's trouble is not that of the others. */
    private static void attempt(Shelf shelf, Step step) {
        try {
            step.run();
        } catch (IOException | UncheckedIOException | FlynnException e) {
            log.atWarn().addKeyValue("what", shelf.name()).setCause(e).log("cannot be looked through or deleted");
        }
    }

    /** Refuses from when the reserve is touched until there is clearly more, so that it does not go to and fro. */
    private void judge() {
        long free = usable.getAsLong();
        boolean refused = refusal != null;
        if (free < policy.reserveBytes()) {
            refusal =
                    "host \"%s\" takes no new jobs of apps: %d MB of its disk are left and %d MB are reserved for the platform; free some, 'flynn-host disk' tells who uses it"
                            .formatted(hostId, free >> 20, policy.reserveBytes() >> 20);
        } else if (free >= policy.wantedBytes()) {
            refusal = null;
        }
        boolean refuses = refusal != null;
        if (refuses != refused) {
            log.atWarn()
                    .addKeyValue("usableBytes", free)
                    .addKeyValue("reserveBytes", policy.reserveBytes())
                    .log(refuses ? "the disk is full: no new jobs of apps begin here" : "there is room for jobs again");
        }
        publish(refuses);
    }

    /** So that schedulers know. */
    private void publish(boolean full) {
        try {
            boolean known = state.hosts()
                    .find(hostId)
                    .map(Versioned::value)
                    .map(host -> host.full() == full)
                    .orElse(true);
            if (!known) {
                state.hosts().update(hostId, (Host host) -> host.withFull(full));
            }
        } catch (FlynnException e) {
            log.atDebug().setCause(e).log("cannot write whether the disk is full; it is tried again");
        }
    }

    private long usableBytes() {
        try {
            return Files.getFileStore(root).getUsableSpace();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot tell the free space of " + root, e);
        }
    }

    // ---- telling

    /** Looks through everything, which may take seconds. */
    public DiskReport report() throws IOException {
        List<Use> uses = new ArrayList<>();
        Map<AppId, Map<String, Long>> byApp = new LinkedHashMap<>();
        Map<AppId, Instant> usedAt = new HashMap<>();
        for (Shelf shelf : shelves) {
            List<Item> items = shelf.items();
            long bytes = items.stream().mapToLong(Item::bytes).sum();
            long freeable = items.stream()
                    .filter(item -> item.worth().mayGo())
                    .mapToLong(Item::bytes)
                    .sum();
            uses.add(new Use(shelf.name(), items.size(), bytes, freeable));
            for (Item item : items) {
                item.app().ifPresent(app -> {
                    byApp.computeIfAbsent(app, any -> new TreeMap<>()).merge(shelf.name(), item.bytes(), Long::sum);
                    usedAt.merge(app, item.usedAt(), (one, other) -> one.isAfter(other) ? one : other);
                });
            }
        }
        for (Map.Entry<String, Path> other : others.entrySet()) {
            uses.add(new Use(other.getKey(), 0, Trees.bytes(other.getValue()), 0));
        }
        uses.sort(Comparator.comparingLong(Use::bytes).reversed().thenComparing(Use::what));
        List<AppUse> apps = byApp.entrySet().stream()
                .map(entry -> new AppUse(
                        entry.getKey().toString(),
                        nameOf(entry.getKey()),
                        entry.getValue(),
                        entry.getValue().values().stream()
                                .mapToLong(Long::longValue)
                                .sum(),
                        requireNonNull(usedAt.get(entry.getKey()))))
                .sorted(Comparator.comparingLong(AppUse::totalBytes).reversed().thenComparing(AppUse::app))
                .toList();
        return new DiskReport(
                hostId,
                Files.getFileStore(root).getTotalSpace(),
                usable.getAsLong(),
                policy.reserveBytes(),
                refusal().orElse(""),
                uses,
                apps,
                volumes.isPresent() ? volumes.get().strays() : List.of());
    }

    /** Empty for an app that is gone. */
    private String nameOf(AppId app) {
        return state.apps()
                .find(app.toString())
                .map(Versioned::value)
                .map(App::name)
                .orElse("");
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }

    /** Collects what a host's disk has. */
    public static final class Builder {

        private final String hostId;
        private final Path root;
        private final ClusterState state;
        private final GarbagePolicy policy;
        private final List<Shelf> shelves = new ArrayList<>();
        private final Map<String, Path> others = new LinkedHashMap<>();
        private @Nullable LongSupplier usable;

        private Builder(String hostId, Path root, ClusterState state, GarbagePolicy policy) {
            this.hostId = requireNonNull(hostId, "hostId");
            this.root = requireNonNull(root, "root");
            this.state = requireNonNull(state, "state");
            this.policy = requireNonNull(policy, "policy");
        }

        /** What may be deleted. */
        public Builder shelf(Shelf value) {
            shelves.add(value);
            return this;
        }

        /** What is only told of, and looked after by others. */
        public Builder other(String name, Path directory) {
            others.put(name, directory);
            return this;
        }

        /** How much is free; what the file system says unless said. */
        Builder usable(LongSupplier value) {
            usable = value;
            return this;
        }

        public HostDisk build() {
            return new HostDisk(this);
        }
    }
}
