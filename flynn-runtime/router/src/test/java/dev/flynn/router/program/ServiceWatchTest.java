package dev.flynn.router.program;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.discovery.DiscoveryWatcher;
import dev.flynn.spi.router.RouteTable.Backend;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the router knows of a service, event by event. */
class ServiceWatchTest {

    private final List<DiscoveryWatcher> watchers = new ArrayList<>();
    private final AtomicInteger changes = new AtomicInteger();
    private final List<FlynnException> ends = new ArrayList<>();
    private final ServiceWatch watch =
            new ServiceWatch(silentDiscovery(), "web", changes::incrementAndGet, (ended, reason) -> ends.add(reason));

    private final Instance a = Instance.of("http", "10.0.0.1:80", Map.of()).withIndex(1);
    private final Instance b = Instance.of("http", "10.0.0.2:80", Map.of()).withIndex(2);

    @AfterEach
    void close() {
        watch.close();
    }

    @Test
    void nothingIsKnownUntilEverythingIs() {
        watch.watch();
        tell(new DiscoveryEvent.Up("web", b), new DiscoveryEvent.Up("web", a));
        assertThat(watch.isCurrent()).isFalse();
        assertThat(watch.backends()).isEmpty();

        tell(new DiscoveryEvent.Leader("web", Optional.of(a)), new DiscoveryEvent.Current("web"));

        assertThat(watch.isCurrent()).isTrue();
        assertThat(watch.backends()).containsExactly(new Backend(a.addr(), true), new Backend(b.addr(), false));
        assertThat(changes).hasValue(1);
    }

    @Test
    void changesAreToldAndHeartbeatsAreNot() {
        watch.watch();
        tell(new DiscoveryEvent.Up("web", a), new DiscoveryEvent.Current("web"));

        tell(new DiscoveryEvent.Update("web", a));
        assertThat(changes).hasValue(1);

        tell(new DiscoveryEvent.Up("web", b), new DiscoveryEvent.Down("web", a));
        assertThat(changes).hasValue(3);
        assertThat(watch.backends()).containsExactly(new Backend(b.addr(), false));
    }

    @Test
    void theLastKnownBackendsStayUntilANewWatchKnowsBetter() {
        watch.watch();
        tell(new DiscoveryEvent.Up("web", a), new DiscoveryEvent.Current("web"));

        newest().onEnd(new FlynnException(ErrorCode.COMPACTED, "too slow"));
        assertThat(ends).hasSize(1);
        watch.watch();
        tell(new DiscoveryEvent.Up("web", b));
        assertThat(watch.backends()).containsExactly(new Backend(a.addr(), false));

        tell(new DiscoveryEvent.Current("web"));
        assertThat(watch.backends()).containsExactly(new Backend(b.addr(), false));
    }

    @Test
    void afterTheEndNothingIsTold() {
        watch.watch();
        watch.close();

        tell(new DiscoveryEvent.Up("web", a), new DiscoveryEvent.Current("web"));
        newest().onEnd(new FlynnException(ErrorCode.COMPACTED, "too slow"));

        assertThat(changes).hasValue(0);
        assertThat(ends).isEmpty();
    }

    private void tell(DiscoveryEvent... events) {
        for (DiscoveryEvent event : events) {
            newest().onEvent(event);
        }
    }

    private DiscoveryWatcher newest() {
        return watchers.get(watchers.size() - 1);
    }

    /** A discovery that notes who watches; the test tells them what it likes. */
    private Discovery silentDiscovery() {
        return (Discovery) Proxy.newProxyInstance(
                Discovery.class.getClassLoader(), new Class<?>[] {Discovery.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("watch")) {
                        watchers.add((DiscoveryWatcher) arguments[1]);
                        return (Subscription) () -> {};
                    }
                    throw new UnsupportedOperationException(method.getName());
                });
    }
}
