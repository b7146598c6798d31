package dev.flynn.containers.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.container.Capability;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.ContainerBackendFactory;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OciContainerBackendFactoryTest {

    @TempDir
    Path directory;

    @Test
    void isFoundByItsName() {
        assertThat(ServiceLoader.load(ContainerBackendFactory.class))
                .extracting(ContainerBackendFactory::name)
                .contains("oci");
    }

    @Test
    void anUnknownSettingIsRefusedByName() {
        assertThatThrownBy(() -> create(Map.of("adress", "10.0.0.1"))).hasMessageContaining("adress");
        assertThatThrownBy(() -> create(Map.of("user", "somebody"))).hasMessageContaining("somebody");
    }

    @Test
    void whatIsMissingIsNamed() {
        assertThatThrownBy(() -> OciTools.find(Optional.of(Path.of("/no/such/runtime"))))
                .isInstanceOfSatisfying(
                        FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE))
                .hasMessageContaining("/no/such/runtime")
                .hasMessageContaining("apt-get install");
    }

    @Test
    void rootWithinAContainerMayNotMakeContainers() {
        String status = "Name:\tjava\nUid:\t%s\t%s\t0\t0\nGid:\t0\t0\t0\t0\nCapEff:\t%s\nSeccomp:\t2\n";

        assertThat(OciTools.mayMakeContainers(status.formatted("0", "0", "000001ffffffffff")))
                .isTrue();
        assertThat(OciTools.mayMakeContainers(status.formatted("0", "0", "00000000a80425fb")))
                .isFalse();
        assertThat(OciTools.mayMakeContainers(status.formatted("1000", "1000", "0000000000000000")))
                .isFalse();
    }

    @Test
    void declaresOnlyWhatItWasGiven() {
        Tools.assumePresent();

        try (ContainerBackend backend = create(Map.of("max-processes", "100"))) {
            assertThat(backend.capabilities())
                    .contains(Capability.ISOLATION, Capability.SURVIVES_RESTART)
                    .doesNotContain(Capability.OWN_ADDRESS, Capability.IMAGE_DOCKER, Capability.EXACT_SIGNAL);
        }
    }

    private ContainerBackend create(Map<String, String> settings) {
        return new OciContainerBackendFactory()
                .create(settings, new ComponentContext("test", directory, Clock.systemUTC()));
    }
}
