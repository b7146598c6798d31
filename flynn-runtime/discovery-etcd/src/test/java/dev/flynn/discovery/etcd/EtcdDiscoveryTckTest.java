package dev.flynn.discovery.etcd;

import static org.awaitility.Awaitility.await;

import dev.flynn.spi.discovery.Discovery;
import dev.flynn.tck.discovery.DiscoveryTck;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

@Execution(ExecutionMode.CONCURRENT)
class EtcdDiscoveryTckTest extends DiscoveryTck {

    private static final Duration TTL = Duration.ofSeconds(2);

    @TempDir
    static Path etcdDirectory;

    private static TestEtcd etcd;

    @BeforeAll
    static void startEtcd() {
        etcd = new TestEtcd(etcdDirectory);
    }

    @AfterAll
    static void stopEtcd() {
        etcd.close();
    }

    @Override
    protected Discovery openDiscovery(Path dataDirectory) {
        return open("host0", dataDirectory);
    }

    @Override
    protected Discovery openAnother(Path dataDirectory) {
        return open("host1", dataDirectory);
    }

    /** Each directory is a cluster of its own. */
    private static Discovery open(String member, Path dataDirectory) {
        EtcdConfig config = etcd.config(member, TTL);
        return EtcdDiscovery.open(
                new EtcdConfig(config.endpoints(), member, "/" + dataDirectory.getFileName() + "/", TTL));
    }

    /** Etcd's time cannot be moved by hand, so it is waited for. */
    @Override
    protected void advance(Duration time) {
        await().pollDelay(time).atMost(time.plusSeconds(10)).until(() -> true);
    }
}
