package dev.flynn.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.ClusterStoreFactory;
import dev.flynn.spi.store.StoreCapability;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FactoriesTest {

    @TempDir
    Path directory;

    private final Map<String, ClusterStoreFactory> factories = ServiceLoader.load(ClusterStoreFactory.class).stream()
            .map(ServiceLoader.Provider::get)
            .collect(Collectors.toMap(ClusterStoreFactory::name, Function.identity()));
    private ComponentContext context;

    @BeforeEach
    void setContext() {
        context = new ComponentContext("host", directory, Clock.systemUTC());
    }

    @Test
    void bothStoresAreFoundByName() {
        assertThat(factories).containsOnlyKeys("ratis", "memory");
    }

    @Test
    void theRatisStoreIsDurableAndTakesItsSettings() {
        try (ClusterStore store = factories
                .get("ratis")
                .create(Map.of("snapshot-every", "100", "disk-reserve-bytes", "1000000"), context)) {
            assertThat(store.capabilities()).containsExactly(StoreCapability.DURABLE);
            assertThat(directory).isNotEmptyDirectory();
        }
    }

    @Test
    void theMemoryStorePromisesNoMoreThanItKeeps() {
        try (ClusterStore store = factories.get("memory").create(Map.of(), context)) {
            assertThat(store.capabilities()).isEmpty();
            assertThat(directory).isEmptyDirectory();
        }
    }

    @Test
    void aMisspeltSettingIsRefusedByName() {
        for (ClusterStoreFactory factory : factories.values()) {
            assertInvalid(factory, Map.of("snapshot-evry", "100"), "snapshot-evry");
        }
    }

    @Test
    void aSettingThatIsNoNumberIsRefused() {
        assertInvalid(factories.get("ratis"), Map.of("snapshot-every", "often"), "snapshot-every");
        assertInvalid(factories.get("ratis"), Map.of("snapshot-every", "0"), "snapshot-every");
        assertInvalid(factories.get("ratis"), Map.of("disk-reserve-bytes", "-1"), "disk-reserve-bytes");
    }

    private void assertInvalid(ClusterStoreFactory factory, Map<String, String> settings, String name) {
        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(() -> factory.create(settings, context))
                .matches(e -> e.code() == ErrorCode.VALIDATION)
                .withMessageContaining(name);
    }
}
