package dev.flynn.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.Transaction;
import dev.flynn.store.MemoryClusterStore;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class HeartbeatsTest {

    private static final Instance WEB = Instance.of("http", "127.0.0.1:1", Map.of());

    private final MemoryClusterStore memory = new MemoryClusterStore();
    private final UnreliableStore store = new UnreliableStore(memory);
    private final Discovery discovery =
            StoreDiscovery.builder(store).ttl(Duration.ofMillis(500)).build();
    private final Heartbeats heartbeats = new Heartbeats(discovery);

    @AfterEach
    void close() {
        store.works = true;
        heartbeats.close();
        discovery.close();
        memory.close();
    }

    @Test
    void anInstanceStaysRegisteredUntilItIsClosed() {
        Registration registration = heartbeats.keep("web", WEB);
        Instance registered = registration.instance().orElseThrow();
        Instance forgotten = discovery.register("web", Instance.of("http", "127.0.0.1:2", Map.of()));
        assertThat(discovery.instances("web")).containsExactly(registered, forgotten);

        // the one without heartbeats shows that time has passed
        await().untilAsserted(() -> assertThat(discovery.instances("web")).containsExactly(registered));

        registration.close();
        registration.close();
        assertThat(discovery.instances("web")).isEmpty();
    }

    @Test
    void aServiceThatExistsIsJoined() {
        discovery.createService("db", LeaderType.MANUAL);

        heartbeats.keep("db", WEB);

        assertThat(discovery.instances("db")).hasSize(1);
    }

    @Test
    void aRegistrationThatCanNeverWorkFailsAtOnce() {
        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(() -> heartbeats.keep("No Name", WEB))
                .matches(e -> e.code() == ErrorCode.VALIDATION);
    }

    @Test
    void whatDoesNotWorkNowIsTriedAgain() {
        store.works = false;
        Registration registration = heartbeats.keep("web", WEB);
        assertThat(registration.instance()).isEmpty();

        store.works = true;

        await().until(() -> registration.instance().isPresent());
        assertThat(discovery.instances("web")).hasSize(1);
    }

    @Test
    void anInstanceThatExpiredWhileNothingWorkedComesBack() {
        Registration registration = heartbeats.keep("web", WEB);
        store.works = false;
        memory.commit(Transaction.builder()
                .delete(new ServiceKeys("web").instance(WEB.id()))
                .build());

        store.works = true;

        await().until(() -> discovery.instances("web").size() == 1);
        await().until(() -> registration
                .instance()
                .equals(discovery.instances("web").stream().findFirst()));
    }

    @Test
    void otherMetadataIsRegisteredAtOnce() {
        Registration registration = heartbeats.keep("web", WEB);
        long index = registration.instance().orElseThrow().index();

        registration.setMeta(Map.of("weight", "2"));

        Instance now = discovery.instances("web").get(0);
        assertThat(now.meta()).containsEntry("weight", "2");
        assertThat(now.index()).isEqualTo(index);
        assertThat(registration.instance()).contains(now);
    }

    @Test
    void closingAllDeregistersAll() {
        heartbeats.keep("web", WEB);
        heartbeats.keep("db", WEB);

        heartbeats.close();

        assertThat(discovery.instances("web")).isEmpty();
        assertThat(discovery.instances("db")).isEmpty();
    }

    /** A store that can be out of reach. */
    private static final class UnreliableStore extends ForwardingStore {

        private volatile boolean works = true;

        UnreliableStore(ClusterStore store) {
            super(store);
        }

        @Override
        ClusterStore store() {
            if (!works) {
                throw FlynnException.unavailable("out of reach", null);
            }
            return super.store();
        }
    }
}
