package dev.flynn.distro.cluster;

import dev.flynn.api.app.App;
import dev.flynn.api.deployment.Deployment;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.log.Sink;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Fills a new cluster with what a backup has (contract: layer 1, Restore). What the bootstrap made is part of that, so that the
 * bootstrap in between starts what it finds and makes nothing. The apps of users come last, when their slugs are there.
 *
 * <p>What is done stays done: a restore that was cut short goes on when it is repeated.
 */
public final class Restore {

    private static final String MARK = "bootstrap/restore";
    private static final String DONE = " done";
    private static final String AUDIT = "audit/";
    private static final String APPS = "apps/";
    private static final String FORMATIONS = "formations/";

    /** What is about the hosts that there were, or about something that was under way on them. */
    private static final List<String> LEFT_OUT = List.of(
            MARK,
            "hosts/",
            "identity/",
            "network/",
            "subnets/",
            "jobs/",
            "job-reports/",
            "volumes/",
            "blobs/",
            "discovery/",
            "discovery-",
            "events/",
            "scheduler/",
            "scale-requests/",
            "deployment-runs/",
            "deploying/",
            "domain-moves/",
            "backups/",
            "access-key-uses/");

    private static final int ENTRIES_AT_ONCE = 200;
    private static final int CHARACTERS_AT_ONCE = 500_000;
    private static final int CONNECT_MILLIS = 10_000;
    private static final int SILENCE_MILLIS = 60_000;

    private final ClusterState state;
    private final ClusterStore store;
    private final BackupArchive archive;

    public Restore(ClusterState state, Path file) {
        this.state = state;
        this.store = state.store();
        this.archive = new BackupArchive(file, state.json());
    }

    /**
     * Before the bootstrap: everything but how many jobs the apps of users have.
     *
     * @throws FlynnException {@code VALIDATION} if this cluster is no new one, or the file no backup
     */
    public void begin() {
        Optional<String> mark = store.get(MARK).map(StoreEntry::value);
        if (isDone(mark)) {
            return;
        }
        if (mark.isEmpty() && !state.apps().list().isEmpty()) {
            throw FlynnException.invalid("this cluster has apps; a backup is restored on a new cluster only");
        }
        if (mark.isPresent() && !mark.get().equals(archive.name())) {
            throw FlynnException.invalid(
                    "this cluster is being restored from %s; give that file".formatted(mark.get()));
        }
        // reads the archive to its end, so that a wrong one leaves nothing, not even the mark
        Predicate<String> isOfUser = formationsOfUsers();
        boolean auditBefore = !store.list(AUDIT).entries().isEmpty();
        store.commit(Transaction.builder().put(MARK, archive.name()).build());
        try (var writer = new Writer()) {
            archive.forEachEntry(entry -> {
                if (entry.key().startsWith(AUDIT)) {
                    if (!auditBefore) {
                        writer.append(AUDIT, entry.value());
                    }
                } else if (isRestored(entry) && !isOfUser.test(entry.key())) {
                    writer.put(entry.key(), entry.value());
                }
            });
        }
    }

    private boolean isDone(Optional<String> mark) {
        return mark.equals(Optional.of(archive.name() + DONE));
    }

    private boolean isRestored(BackupArchive.Entry entry) {
        if (LEFT_OUT.stream().anyMatch(entry.key()::startsWith)) {
            return false;
        }
        if (entry.key().startsWith("deployments/")) {
            return state.json().read(entry.value(), Deployment.class).status().isFinished();
        }
        return !entry.key().startsWith("sinks/")
                || !state.json().read(entry.value(), Sink.class).hostManaged();
    }

    private Predicate<String> formationsOfUsers() {
        Set<String> system = new HashSet<>();
        archive.forEachEntry(entry -> {
            if (entry.key().startsWith(APPS)) {
                App app = state.json().read(entry.value(), App.class);
                if (app.isSystemApp()) {
                    system.add(FORMATIONS + app.id() + "/");
                }
            }
        });
        return key -> key.startsWith(FORMATIONS) && system.stream().noneMatch(key::startsWith);
    }

    /**
     * After the bootstrap: slugs and repositories, then the jobs of users' apps.
     *
     * @param key opens the blobstore
     */
    public void finish(Discovery discovery, String key) {
        if (isDone(store.get(MARK).map(StoreEntry::value))) {
            return;
        }
        Instance blobstore = discovery.instances("blobstore").stream()
                .findFirst()
                .orElseThrow(() -> FlynnException.unavailable(
                        "no blobstore runs that could take the slugs; bootstrap again to go on", null));
        archive.forEachBlob((path, size, content) -> upload(blobstore, path, size, content, key));
        Predicate<String> isOfUser = formationsOfUsers();
        try (var writer = new Writer()) {
            archive.forEachEntry(entry -> {
                if (isOfUser.test(entry.key())) {
                    writer.put(entry.key(), entry.value());
                }
            });
        }
        store.commit(Transaction.builder().put(MARK, archive.name() + DONE).build());
    }

    /** What is there already was stored by a restore that was cut short. */
    private static void upload(Instance blobstore, String path, long size, InputStream content, String key)
            throws IOException {
        URI url = URI.create("http://%s/%s".formatted(blobstore.addr(), path));
        var connection = (HttpURLConnection) url.toURL().openConnection();
        try {
            connection.setConnectTimeout(CONNECT_MILLIS);
            connection.setReadTimeout(SILENCE_MILLIS);
            connection.setRequestMethod("PUT");
            String credentials = Base64.getEncoder().encodeToString((":" + key).getBytes(StandardCharsets.UTF_8));
            connection.setRequestProperty("Authorization", "Basic " + credentials);
            connection.setRequestProperty("If-None-Match", "*");
            connection.setDoOutput(true);
            connection.setFixedLengthStreamingMode(size);
            try (OutputStream out = connection.getOutputStream()) {
                content.transferTo(out);
            }
            int status = connection.getResponseCode();
            if (status != 200 && status != 412) {
                throw new IOException("the blobstore answered %d to PUT /%s".formatted(status, path));
            }
        } finally {
            connection.disconnect();
        }
    }

    /** Writes many keys in few transactions. */
    private final class Writer implements AutoCloseable {

        private Transaction.Builder transaction = Transaction.builder();
        private int entries;
        private long characters;

        void put(String key, String value) {
            transaction.put(key, value);
            added(value);
        }

        void append(String prefix, String value) {
            transaction.append(prefix, value);
            added(value);
        }

        private void added(String value) {
            entries++;
            characters += value.length();
            if (entries >= ENTRIES_AT_ONCE || characters >= CHARACTERS_AT_ONCE) {
                close();
            }
        }

        @Override
        public void close() {
            if (entries > 0) {
                store.commit(transaction.build());
            }
            transaction = Transaction.builder();
            entries = 0;
            characters = 0;
        }
    }
}
