package dev.flynn.containers.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.ContainerBackendFactory;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessContainerBackendFactoryTest {

    private final ContainerBackendFactory factory = ServiceLoader.load(ContainerBackendFactory.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(found -> found.name().equals("process"))
            .findFirst()
            .orElseThrow();

    @TempDir
    Path directory;

    @Test
    void createsABackendFromItsSettings() {
        Map<String, String> settings =
                Map.of("images", ShellImage.install(directory).toString(), "address", "127.0.0.9");

        try (ContainerBackend backend = factory.create(settings, context())) {
            JobSpec spec = ShellImage.job("exec sleep 60");
            backend.start(spec);

            await().atMost(Duration.ofSeconds(20))
                    .until(() -> backend.status(spec.id())
                            .flatMap(JobStatus::address)
                            .isPresent());
            assertThat(backend.status(spec.id()).orElseThrow().address()).contains("127.0.0.9");
        }
    }

    @Test
    void anUnknownSettingIsRefusedByName() {
        assertThatThrownBy(() -> factory.create(Map.of("imgaes", "x"), context()))
                .hasMessageContaining("imgaes");
    }

    private ComponentContext context() {
        return new ComponentContext("host1", directory.resolve("data"), Clock.systemUTC());
    }
}
