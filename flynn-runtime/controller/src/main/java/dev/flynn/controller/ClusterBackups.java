package dev.flynn.controller;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flynn.api.app.App;
import dev.flynn.api.app.ExpandedFormation;
import dev.flynn.api.app.Formation;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.EventType;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.zip.GZIPOutputStream;

/**
 * Backups of the cluster as an archive (contract: controller, Backup): {@code flynn.json} has the platform's own apps, and
 * {@code store.json.gz} everything that the cluster store has at one revision, one object with {@code key} and {@code value} a
 * line; below {@code blobs/} are the slugs and the repositories. What is in volumes is not in it.
 */
public final class ClusterBackups {

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd_HHmmss").withZone(ZoneOffset.UTC);

    /** The apps that the contract has in a backup, and those that later clusters have. */
    private static final List<String> APPS =
            List.of("postgres", "discoverd", "flannel", "controller", "mariadb", "mongodb");

    private static final List<String> DATABASES = List.of("postgres", "mariadb", "mongodb");

    private final ClusterState state;
    private final ControllerTables tables;
    private final FormationCatalog formations;
    private final ReleaseFiles files;
    private final ClusterHttp http;

    ClusterBackups(ClusterState state, ControllerTables tables, FormationCatalog formations, ClusterHttp http) {
        this.state = state;
        this.tables = tables;
        this.formations = formations;
        this.files = new ReleaseFiles(state);
        this.http = http;
    }

    /** What was last asked for; empty if nothing was. */
    public Optional<ClusterBackup> latest() {
        return tables.backups().find(ControllerTables.LATEST_BACKUP).map(Versioned::value);
    }

    /**
     * Begins a backup.
     *
     * @param key opens the blobstore
     * @throws FlynnException {@code UNSUPPORTED} where a database runs whose content would be missing
     */
    public Backup begin(String key) {
        for (String name : DATABASES) {
            state.findApp(name).map(Versioned::value).filter(this::runs).ifPresent(app -> {
                throw FlynnException.unsupported("backup of the databases of app \"%s\"".formatted(name));
            });
        }
        Instant now = state.clock().instant();
        var record = ClusterBackup.running(UUID.randomUUID().toString(), now);
        save(record);
        return new Backup(record, now, key);
    }

    private boolean runs(App app) {
        return app.release()
                .flatMap(release -> state.formations().find(ClusterState.formationId(app.id(), release)))
                .filter(formation -> formation.value().total() > 0)
                .isPresent();
    }

    private void save(ClusterBackup backup) {
        while (true) {
            Transaction.Builder transaction = Transaction.builder();
            Optional<Versioned<ClusterBackup>> known = tables.backups().find(ControllerTables.LATEST_BACKUP);
            known.ifPresentOrElse(
                    read -> tables.backups().replace(transaction, read, backup),
                    () -> tables.backups().create(transaction, ControllerTables.LATEST_BACKUP, backup));
            state.events().append(transaction, EventType.CLUSTER_BACKUP, Optional.empty(), backup.id(), backup);
            if (state.commit(transaction).committed()) {
                return;
            }
        }
    }

    /** A backup that is to be written. */
    public final class Backup {

        private final ClusterBackup record;
        private final Instant begun;
        private final String name;
        private final String key;

        private Backup(ClusterBackup record, Instant begun, String key) {
            this.key = key;
            this.record = record;
            this.begun = begun;
            this.name = "flynn-backup-" + TIME.format(begun);
        }

        /** What the file is to be called. */
        public String fileName() {
            return name + ".tar";
        }

        /** Writes the archive, and notes that it is complete or why not. */
        public void write(OutputStream out) throws IOException {
            try {
                var counted = new DigestOutputStream(out, sha512());
                long size = writeTar(counted);
                String digest =
                        HexFormat.of().formatHex(counted.getMessageDigest().digest());
                save(record.complete(digest, size, state.clock().instant()));
            } catch (IOException | RuntimeException e) {
                save(record.failed(String.valueOf(e.getMessage()), state.clock().instant()));
                throw e;
            }
        }

        private long writeTar(OutputStream out) throws IOException {
            var size = new SizeOf(out);
            var tar = new Tar(size, name, begun);
            byte[] apps = apps();
            tar.add("flynn.json", apps.length, new ByteArrayInputStream(apps));
            // a header needs the size of what follows
            Path spooled = Files.createTempFile("flynn-backup", ".json.gz");
            try {
                dump(spooled);
                try (InputStream content = Files.newInputStream(spooled)) {
                    tar.add("store.json.gz", Files.size(spooled), content);
                }
            } finally {
                Files.delete(spooled);
            }
            for (String url : blobs()) {
                addBlob(tar, URI.create(url));
            }
            tar.end();
            return size.bytes();
        }

        /** One that is gone by now is not needed any more. */
        private void addBlob(Tar tar, URI url) throws IOException {
            try (ClusterHttp.Download blob = http.download(url, key)) {
                if (blob.status() == 404) {
                    return;
                }
                if (blob.status() != 200 || blob.length() < 0) {
                    throw FlynnException.unavailable(
                            "the blobstore answered %d to GET %s".formatted(blob.status(), url), null);
                }
                tar.add("blobs" + url.getPath(), blob.length(), blob.body());
            }
        }
    }

    /** URLs of what releases were built to, and of what was pushed; caches of builds are made anew. */
    private Set<String> blobs() {
        Set<String> urls = new TreeSet<>();
        state.releases().list().forEach(release -> urls.addAll(files.of(release.value())));
        state.apps()
                .list()
                .forEach(app -> urls.add(ReleaseFiles.repositoryOf(app.value().id())));
        boolean nothingWasBuilt = urls.size() == state.apps().list().size();
        return nothingWasBuilt && !http.isThere(URI.create(ReleaseFiles.BLOBSTORE)) ? Set.of() : urls;
    }

    /** The platform's own apps with their current releases. */
    private byte[] apps() {
        Map<String, ExpandedFormation> apps = new LinkedHashMap<>();
        for (String name : APPS) {
            state.findApp(name)
                    .map(Versioned::value)
                    .ifPresent(app -> app.release()
                            .flatMap(release -> state.formations().find(ClusterState.formationId(app.id(), release)))
                            .map(Versioned::value)
                            .ifPresent(formation -> apps.put(name, withoutTime(formation))));
        }
        var printer = new DefaultPrettyPrinter()
                .withObjectIndenter(new DefaultIndenter("  ", "\n"))
                .withArrayIndenter(new DefaultIndenter("  ", "\n"));
        ObjectMapper mapper = state.json().copyMapper();
        try {
            return (mapper.writer(printer).writeValueAsString(apps) + "\n").getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw FlynnException.internal("cannot write the apps of the platform as JSON", e);
        }
    }

    private ExpandedFormation withoutTime(Formation formation) {
        ExpandedFormation expanded = formations.expand(formation);
        return new ExpandedFormation(
                expanded.app(),
                expanded.release(),
                expanded.artifact(),
                expanded.processes(),
                expanded.tags(),
                Optional.empty());
    }

    /** A key of the store with its value, which is JSON text. */
    private record Entry(String key, String value) {}

    private void dump(Path file) throws IOException {
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            for (StoreEntry entry : state.store().list("").entries()) {
                out.write(state.json().writeBytes(new Entry(entry.key(), entry.value())));
                out.write('\n');
            }
        }
    }

    private static MessageDigest sha512() {
        try {
            return MessageDigest.getInstance("SHA-512");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-512", e);
        }
    }

    /** Counts what goes through. */
    private static final class SizeOf extends OutputStream {

        private final OutputStream out;
        private long bytes;

        SizeOf(OutputStream out) {
            this.out = out;
        }

        @Override
        public void write(int b) throws IOException {
            out.write(b);
            bytes++;
        }

        @Override
        public void write(byte[] buffer, int offset, int length) throws IOException {
            out.write(buffer, offset, length);
            bytes += length;
        }

        @Override
        public void flush() throws IOException {
            out.flush();
        }

        long bytes() {
            return bytes;
        }
    }
}
