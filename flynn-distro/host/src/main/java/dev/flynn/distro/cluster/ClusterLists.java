package dev.flynn.distro.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.distro.cluster.ListedInstance.SshPublicKey;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lists of hosts, a file per cluster, each replaced as a whole. A list to which nobody came for 90 days is forgotten. Anybody
 * may use the service, so everything is bounded. Thread-safe.
 */
final class ClusterLists {

    private static final Logger log = LoggerFactory.getLogger(ClusterLists.class);

    static final int MAX_INSTANCES = 1000;
    static final Duration KEPT = Duration.ofDays(90);

    private static final int MAX_USER_AGENT = 1000;
    private static final int MAX_TEXT = 200;
    private static final int MAX_KEYS = 10;
    private static final int MAX_KEY = 4096;
    private static final Pattern URL = Pattern.compile("https?://[\\w.:\\[\\]-]{1," + MAX_TEXT + "}/?");
    private static final Pattern ID = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

    private final Path directory;
    private final int maxClusters;
    private final Clock clock;
    private final FlynnJson json = new FlynnJson();
    private int clusters;

    /**
     * What a file holds.
     *
     * @param creator the address that asked for it
     */
    record ClusterList(
            String creator, String userAgent, Instant createdAt, Instant usedAt, List<ListedInstance> instances) {
        ClusterList {
            instances = List.copyOf(instances);
        }
    }

    /** What became of a registration. */
    record Entry(ListedInstance instance, boolean isNew) {}

    ClusterLists(Path directory, int maxClusters, Clock clock) {
        this.directory = directory;
        this.maxClusters = maxClusters;
        this.clock = clock;
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw FlynnException.internal("cannot use %s: %s".formatted(directory, e), e);
        }
        forgetOld();
    }

    /** The id of a new list. */
    synchronized String create(String creator, String userAgent) {
        if (clusters >= maxClusters) {
            forgetOld();
        }
        if (clusters >= maxClusters) {
            throw new FlynnException(
                    ErrorCode.NO_CAPACITY,
                    "this service keeps %d clusters, and no more; run one of your own: flynn-host discovery-service"
                            .formatted(maxClusters));
        }
        String id = UUID.randomUUID().toString();
        Instant now = clock.instant();
        write(id, new ClusterList(creator, cut(userAgent, MAX_USER_AGENT), now, now, List.of()));
        clusters++;
        return id;
    }

    /** Enters a host, or finds it by its URL; empty if there is no such cluster. */
    synchronized Optional<Entry> register(String cluster, ListedInstance wanted) {
        requireValid(wanted);
        Optional<ClusterList> found = read(cluster);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        ClusterList list = found.get();
        for (ListedInstance known : list.instances()) {
            if (known.url().equals(wanted.url())) {
                return Optional.of(new Entry(known, false));
            }
        }
        if (list.instances().size() >= MAX_INSTANCES) {
            throw new FlynnException(
                    ErrorCode.NO_CAPACITY, "a cluster has at most %d hosts here".formatted(MAX_INSTANCES));
        }
        Instant now = clock.instant();
        ListedInstance entered = wanted.entered(UUID.randomUUID().toString(), cluster, now);
        List<ListedInstance> all = new ArrayList<>(list.instances());
        all.add(entered);
        write(cluster, new ClusterList(list.creator(), list.userAgent(), list.createdAt(), now, all));
        return Optional.of(new Entry(entered, true));
    }

    /** The hosts of a cluster; none if it is not known. */
    synchronized List<ListedInstance> instances(String cluster) {
        return read(cluster).map(ClusterList::instances).orElse(List.of());
    }

    private static void requireValid(ListedInstance instance) {
        if (!URL.matcher(instance.url()).matches()) {
            throw FlynnException.invalidField(
                    "url", "must be http://<ip>:<port>, was \"" + cut(instance.url(), MAX_TEXT) + "\"");
        }
        requireShort("name", instance.name(), MAX_TEXT);
        requireShort("flynn_version", instance.flynnVersion(), MAX_TEXT);
        if (instance.sshPublicKeys().size() > MAX_KEYS) {
            throw FlynnException.invalidField("ssh_public_keys", "are at most " + MAX_KEYS);
        }
        for (SshPublicKey key : instance.sshPublicKeys()) {
            requireShort("ssh_public_keys", key.type(), MAX_TEXT);
            requireShort("ssh_public_keys", key.data(), MAX_KEY);
        }
    }

    private static void requireShort(String field, String value, int most) {
        if (value.length() > most) {
            throw FlynnException.invalidField(field, "has at most %d characters".formatted(most));
        }
    }

    private static String cut(String text, int most) {
        return text.substring(0, Math.min(most, text.length()));
    }

    private Path file(String cluster) {
        return directory.resolve(cluster + ".json");
    }

    private Optional<ClusterList> read(String cluster) {
        if (!ID.matcher(cluster).matches()) {
            return Optional.empty();
        }
        try {
            return Optional.of(json.read(Files.readString(file(cluster)), ClusterList.class));
        } catch (NoSuchFileException unknown) {
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (FlynnException damaged) {
            throw FlynnException.internal(
                    "%s is damaged; delete it, and let its hosts use a new token".formatted(file(cluster)), damaged);
        }
    }

    private void write(String cluster, ClusterList list) {
        Path temporary = directory.resolve(cluster + ".new");
        try {
            try (FileChannel channel = FileChannel.open(
                    temporary,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE)) {
                ByteBuffer bytes = ByteBuffer.wrap(json.write(list).getBytes(UTF_8));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            Files.move(temporary, file(cluster), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file(cluster), e);
        }
    }

    /** Also counts what is left. */
    private synchronized void forgetOld() {
        int left = 0;
        Instant oldest = clock.instant().minus(KEPT);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.json")) {
            for (Path file : files) {
                if (isOld(file, oldest)) {
                    Files.deleteIfExists(file);
                } else {
                    left++;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot list " + directory, e);
        }
        clusters = left;
    }

    private boolean isOld(Path file, Instant oldest) throws IOException {
        try {
            return json.read(Files.readString(file), ClusterList.class).usedAt().isBefore(oldest);
        } catch (FlynnException | NullPointerException damaged) {
            log.atWarn().addKeyValue("file", file).setCause(damaged).log("a cluster's list is damaged");
            return false;
        }
    }
}
