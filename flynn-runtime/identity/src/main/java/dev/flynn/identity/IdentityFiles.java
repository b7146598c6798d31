package dev.flynn.identity;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.SealingKey;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Where a host keeps its identity, for nobody else to read: a directory of mode 0700 with files of mode 0600.
 *
 * <ul>
 *   <li>{@code host.pem}: private key, certificate, and the authority's certificate
 *   <li>{@code authority.pem}: certificate and private key of the cluster's authority, on the cluster's first host
 *   <li>{@code joining.pem}: the key of a host that asked to join and has no answer yet
 *   <li>{@code first-token}: of a cluster that is not founded yet, on the host that will found it
 *   <li>{@code removed}: keys of hosts that do not belong to the cluster any more, as last heard
 * </ul>
 *
 * <p>Each file begins with the version of its format and is replaced as a whole, so that a host which dies at any instruction
 * has the old or the new one.
 */
public final class IdentityFiles {

    private static final String HOST = "host.pem";
    private static final String AUTHORITY = "authority.pem";
    private static final String JOINING = "joining.pem";
    private static final String FIRST_TOKEN = "first-token";
    private static final String REMOVED = "removed";
    private static final String SEALING_KEY = "sealing-key";

    private static final String FORMAT = "# flynn identity, format ";
    private static final String VERSION = "1";

    private static final Set<PosixFilePermission> FOR_OWNER = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> FILE_FOR_OWNER = PosixFilePermissions.fromString("rw-------");

    private final Path directory;

    /** Creates the directory if it is not there. */
    public IdentityFiles(Path directory) {
        this.directory = directory.toAbsolutePath();
        try {
            Files.createDirectories(this.directory.getParent());
            try {
                Files.createDirectory(this.directory, PosixFilePermissions.asFileAttribute(FOR_OWNER));
            } catch (FileAlreadyExistsException there) {
                Files.setPosixFilePermissions(this.directory, FOR_OWNER);
            }
        } catch (IOException e) {
            throw FlynnException.internal("cannot use %s for the host's identity: %s".formatted(directory, e), e);
        }
    }

    /**
     * The identity of this host; empty if it has none yet. One that is due is renewed if the authority is kept here, which is
     * how a cluster comes back that was off for too long.
     *
     * @throws FlynnException {@code VALIDATION} naming the file, what is wrong with it and the way out
     */
    public Optional<HostIdentity> load(Instant now) {
        Optional<HostIdentity> identity = read(HOST, IdentityFiles::identity);
        Optional<ClusterAuthority> authority = loadAuthority();
        if (identity.isEmpty()
                || authority.isEmpty()
                || now.isBefore(identity.get().renewAfter())) {
            return identity;
        }
        HostIdentity renewed = authority.get().identify(identity.get().hostId(), now);
        save(renewed);
        return Optional.of(renewed);
    }

    public void save(HostIdentity identity) {
        write(HOST, Pem.of(identity.key()) + Pem.of(identity.certificate()) + Pem.of(identity.authority()));
    }

    /** The cluster's authority, on hosts that keep it in a file. */
    public Optional<ClusterAuthority> loadAuthority() {
        return read(AUTHORITY, ClusterAuthority::parse);
    }

    public void saveAuthority(ClusterAuthority authority) {
        write(AUTHORITY, authority.toPem());
    }

    /** Founds a cluster: makes its authority and the identity of its first host, or finds those that an earlier call made. */
    public HostIdentity found(String hostId, Instant now) {
        Optional<HostIdentity> known = load(now);
        if (known.isPresent()) {
            return known.get();
        }
        HostIdentity identity = authorityToFoundWith(now).identify(hostId, now);
        save(identity);
        return identity;
    }

    /**
     * Prepares a cluster that this host will found: its authority, and a token with which others may join it. Asking again
     * gives the same token until the cluster is founded.
     *
     * @throws FlynnException {@code CONFLICT} if this host belongs to a cluster
     */
    public JoinToken prepareFounding(Instant now) {
        if (load(now).isPresent()) {
            throw FlynnException.conflict(
                    "this host belongs to a cluster already, by %s".formatted(directory.resolve(HOST)));
        }
        ClusterAuthority authority = authorityToFoundWith(now);
        return firstToken().orElseGet(() -> {
            JoinToken token = JoinToken.of(authority);
            write(FIRST_TOKEN, token.text() + "\n");
            return token;
        });
    }

    /** The token that {@link #prepareFounding} made; empty once the cluster knows it. */
    public Optional<JoinToken> firstToken() {
        return read(FIRST_TOKEN, JoinToken::parse);
    }

    /** To be called when the cluster knows the first token. */
    public void deleteFirstToken() {
        delete(FIRST_TOKEN);
    }

    private ClusterAuthority authorityToFoundWith(Instant now) {
        return loadAuthority().orElseGet(() -> {
            ClusterAuthority created = ClusterAuthority.create(now);
            saveAuthority(created);
            return created;
        });
    }

    /** What this cluster encrypts its secrets with before it stores them; empty on a host that was never told. */
    public Optional<SealingKey> loadSealingKey() {
        return read(SEALING_KEY, text -> {
            try {
                return SealingKey.of(Base64.getDecoder().decode(text.strip()));
            } catch (IllegalArgumentException e) {
                throw FlynnException.invalid("it is not base64");
            }
        });
    }

    /** The key of a cluster that this host founds, made if there is none; others are told when they join. */
    public SealingKey foundSealingKey() {
        return loadSealingKey().orElseGet(() -> {
            SealingKey created = SealingKey.random();
            saveSealingKey(created);
            return created;
        });
    }

    void saveSealingKey(SealingKey key) {
        write(SEALING_KEY, Base64.getEncoder().encodeToString(key.bytes()) + "\n");
    }

    /**
     * A key that a certificate was asked for.
     *
     * @param request PKCS #10
     */
    record JoiningKey(PrivateKey key, byte[] request) {}

    Optional<JoiningKey> loadJoiningKey() {
        return read(JOINING, pem -> {
            byte[] request = Pem.request(pem);
            return new JoiningKey(Pem.privateKey(pem, Certificates.requestedKey(request)), request);
        });
    }

    void saveJoiningKey(JoiningKey joining) {
        write(JOINING, Pem.of(joining.key()) + Pem.ofRequest(joining.request()));
    }

    void deleteJoiningKey() {
        delete(JOINING);
    }

    private void delete(String name) {
        try {
            Files.deleteIfExists(directory.resolve(name));
        } catch (IOException e) {
            throw FlynnException.internal("cannot delete %s: %s".formatted(directory.resolve(name), e), e);
        }
    }

    List<String> loadRemoved() {
        return read(
                        REMOVED,
                        text -> text.lines().filter(line -> !line.isEmpty()).toList())
                .orElse(List.of());
    }

    void saveRemoved(List<String> keys) {
        write(REMOVED, String.join("\n", keys) + "\n");
    }

    private static HostIdentity identity(String pem) {
        List<X509Certificate> certificates = Pem.certificates(pem);
        if (certificates.size() != 2) {
            throw FlynnException.invalid(
                    "there must be the host's certificate and the authority's, there are " + certificates.size());
        }
        X509Certificate certificate = certificates.get(0);
        HostName name = HostName.of(certificate)
                .orElseThrow(() -> FlynnException.invalid("the first certificate is not that of a host"));
        return new HostIdentity(
                name, Pem.privateKey(pem, certificate.getPublicKey()), certificate, certificates.get(1));
    }

    private <T> Optional<T> read(String name, Function<String, T> parser) {
        Path file = directory.resolve(name);
        String text;
        try {
            text = Files.readString(file);
            if (!FILE_FOR_OWNER.containsAll(Files.getPosixFilePermissions(file))) {
                throw FlynnException.invalid(
                        "%s can be read by others, who may have copied it: chmod 600 %s, or let this host join again"
                                .formatted(file, file));
            }
        } catch (NoSuchFileException absent) {
            return Optional.empty();
        } catch (IOException e) {
            throw FlynnException.internal("cannot read %s: %s".formatted(file, e), e);
        }
        String format =
                text.lines().findFirst().filter(line -> line.startsWith(FORMAT)).orElse("");
        if (!format.equals(FORMAT + VERSION)) {
            throw FlynnException.invalid(
                    format.isEmpty()
                            ? damaged(file, "its first line does not name its format")
                            : "%s is of format %s and this program reads format %s: use the version that wrote it"
                                    .formatted(file, format.substring(FORMAT.length()), VERSION));
        }
        try {
            return Optional.of(parser.apply(text.substring(format.length())));
        } catch (FlynnException e) {
            throw FlynnException.invalid(damaged(file, e.getMessage()));
        }
    }

    private static String damaged(Path file, String problem) {
        return "%s is damaged: %s; restore it, or move it away and let this host join again with a token"
                .formatted(file, problem);
    }

    private synchronized void write(String name, String content) {
        Path file = directory.resolve(name);
        Path temporary = directory.resolve(name + ".new");
        try {
            Files.deleteIfExists(temporary);
            Set<StandardOpenOption> options = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            try (FileChannel channel =
                    FileChannel.open(temporary, options, PosixFilePermissions.asFileAttribute(FILE_FOR_OWNER))) {
                ByteBuffer bytes = ByteBuffer.wrap((FORMAT + VERSION + "\n" + content).getBytes(UTF_8));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            try (FileChannel entries = FileChannel.open(directory, StandardOpenOption.READ)) {
                entries.force(true);
            }
        } catch (IOException e) {
            throw FlynnException.internal("cannot write %s: %s".formatted(file, e), e);
        }
    }
}
