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
import java.util.UUID;
import java.util.zip.GZIPOutputStream;

/**
 * Backups of the cluster as an archive (contract: controller, Backup): {@code flynn.json} has the platform's own apps, and
 * {@code store.json.gz} everything that the cluster store has at one revision, one object with {@code key} and {@code value} a
 * line. What is in volumes and in the blobstore is not in it.
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

    ClusterBackups(ClusterState state, ControllerTables tables, FormationCatalog formations) {
        this.state = state;
        this.tables = tables;
        this.formations = formations;
    }

    /** What was last asked for; empty if nothing was. */
    public Optional<ClusterBackup> latest() {
        return tables.backups().find(ControllerTables.LATEST_BACKUP).map(Versioned::value);
    }

    /**
     * Begins a backup.
     *
     * @throws FlynnException {@code UNSUPPORTED} where a database runs whose content would be missing
     */
    public Backup begin() {
        for (String name : DATABASES) {
            state.findApp(name).map(Versioned::value).filter(this::runs).ifPresent(app -> {
                throw FlynnException.unsupported("backup of the databases of app \"%s\"".formatted(name));
            });
        }
        Instant now = state.clock().instant();
        var record = ClusterBackup.running(UUID.randomUUID().toString(), now);
        save(record);
        return new Backup(record, now);
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

        private Backup(ClusterBackup record, Instant begun) {
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
            var tar = new Tar(size, begun);
            byte[] apps = apps();
            tar.add(name + "/flynn.json", apps.length, new ByteArrayInputStream(apps));
            // a header needs the size of what follows
            Path spooled = Files.createTempFile("flynn-backup", ".json.gz");
            try {
                dump(spooled);
                try (InputStream content = Files.newInputStream(spooled)) {
                    tar.add(name + "/store.json.gz", Files.size(spooled), content);
                }
            } finally {
                Files.delete(spooled);
            }
            tar.end();
            return size.bytes();
        }
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
