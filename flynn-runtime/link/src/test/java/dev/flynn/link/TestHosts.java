package dev.flynn.link;

import dev.flynn.identity.ClusterAuthority;
import dev.flynn.identity.HostCredentials;
import dev.flynn.identity.HostIdentity;
import dev.flynn.identity.IdentityFiles;
import dev.flynn.identity.RemovedHosts;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;

/** Hosts of one cluster in this process, closed all together. */
public final class TestHosts implements AutoCloseable {

    static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Path directory;
    private final ClusterAuthority authority;
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    public TestHosts(Path directory) {
        this(directory, ClusterAuthority.create(Instant.now()));
    }

    public TestHosts(Path directory, ClusterAuthority authority) {
        this.directory = directory;
        this.authority = authority;
    }

    public ClusterAuthority authority() {
        return authority;
    }

    public HostCredentials credentials(String hostId) {
        return credentials(hostId, Instant.now(), Clock.systemUTC());
    }

    /** @param issued when the certificate was made */
    HostCredentials credentials(String hostId, Instant issued, Clock clock) {
        HostIdentity identity = authority.identify(hostId, issued);
        return new HostCredentials(identity, new RemovedHosts(files(hostId)), clock);
    }

    IdentityFiles files(String hostId) {
        return new IdentityFiles(directory.resolve(hostId));
    }

    public HostLink.Builder builder(String hostId) {
        return builder(credentials(hostId));
    }

    static HostLink.Builder builder(HostCredentials credentials) {
        return HostLink.builder(credentials).listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    public <C extends AutoCloseable> C open(C closeable) {
        opened.push(closeable);
        return closeable;
    }

    static String text(InetSocketAddress address) {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }

    @Override
    public void close() throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
    }
}
