package dev.flynn.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.spi.auth.Authenticator;
import dev.flynn.spi.blob.BlobStore;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.log.LogSink;
import dev.flynn.spi.resource.ResourceProvider;
import dev.flynn.spi.router.Router;
import dev.flynn.spi.scheduler.Scheduler;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.tck.auth.AuthenticatorTck;
import dev.flynn.tck.blob.BlobStoreTck;
import dev.flynn.tck.container.ContainerBackendTck;
import dev.flynn.tck.discovery.DiscoveryTck;
import dev.flynn.tck.log.LogSinkTck;
import dev.flynn.tck.resource.ResourceProviderTck;
import dev.flynn.tck.router.RouterTck;
import dev.flynn.tck.scheduler.SchedulerTck;
import dev.flynn.tck.store.ClusterStoreTck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each promise in an SPI's Javadoc has a test, and no test names a promise that is not there. */
class PromiseCoverageTest {

    private static final Pattern PROMISE = Pattern.compile("<li>([A-Z]{2}-\\d+) ");

    static Stream<Arguments> kits() {
        return Stream.of(
                Arguments.of(Authenticator.class, AuthenticatorTck.class),
                Arguments.of(BlobStore.class, BlobStoreTck.class),
                Arguments.of(ClusterStore.class, ClusterStoreTck.class),
                Arguments.of(ContainerBackend.class, ContainerBackendTck.class),
                Arguments.of(Discovery.class, DiscoveryTck.class),
                Arguments.of(LogSink.class, LogSinkTck.class),
                Arguments.of(ResourceProvider.class, ResourceProviderTck.class),
                Arguments.of(Router.class, RouterTck.class),
                Arguments.of(Scheduler.class, SchedulerTck.class));
    }

    @ParameterizedTest
    @MethodSource("kits")
    void eachPromiseHasATest(Class<?> spi, Class<?> kit) throws IOException {
        assertThat(tested(kit)).isEqualTo(promised(spi)).isNotEmpty();
    }

    private static Set<String> promised(Class<?> spi) throws IOException {
        Path source = Path.of("../flynn-spi/src/main/java", spi.getName().replace('.', '/') + ".java");
        return PROMISE.matcher(Files.readString(source))
                .results()
                .map((MatchResult result) -> result.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> tested(Class<?> kit) {
        return KitRun.methodsOf(kit)
                .filter(method -> method.isAnnotationPresent(Rule.class))
                .flatMap(
                        method -> Arrays.stream(method.getAnnotation(Rule.class).value()))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
