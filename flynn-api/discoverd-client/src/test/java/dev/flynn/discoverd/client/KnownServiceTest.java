package dev.flynn.discoverd.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.discovery.DiscoveryEvent.Current;
import dev.flynn.api.discovery.DiscoveryEvent.Down;
import dev.flynn.api.discovery.DiscoveryEvent.Leader;
import dev.flynn.api.discovery.DiscoveryEvent.Meta;
import dev.flynn.api.discovery.DiscoveryEvent.Up;
import dev.flynn.api.discovery.DiscoveryEvent.Update;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.ServiceMeta;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The table of the contract, layer 0, Client library behaviour. */
class KnownServiceTest {

    private static final Instance ONE =
            Instance.of("http", "10.0.0.1:1", Map.of()).withIndex(1);
    private static final Instance TWO =
            Instance.of("http", "10.0.0.1:2", Map.of()).withIndex(2);
    private static final Current CURRENT = new Current("web");

    private final KnownService known = new KnownService();

    @Test
    void everythingIsToldTheFirstTime() {
        known.reconnected();

        assertThat(known.tell(up(ONE))).containsExactly(up(ONE));
        assertThat(known.tell(leader(ONE))).containsExactly(leader(ONE));
        assertThat(known.tell(meta(7))).containsExactly(meta(7));
        assertThat(known.tell(CURRENT)).containsExactly(CURRENT);
    }

    @Test
    void whatIsTheSameIsNotToldAgain() {
        everythingIsToldTheFirstTime();
        known.reconnected();

        assertThat(known.tell(up(ONE))).isEmpty();
        assertThat(known.tell(leader(ONE))).isEmpty();
        assertThat(known.tell(meta(7))).isEmpty();
        assertThat(known.tell(CURRENT)).containsExactly(CURRENT);
    }

    @Test
    void whatDiffersIsTold() {
        everythingIsToldTheFirstTime();
        known.reconnected();
        Instance changed = new Instance(ONE.id(), ONE.addr(), ONE.proto(), Map.of("a", "b"), 1);

        assertThat(known.tell(up(changed))).containsExactly(new Update("web", changed));
        assertThat(known.tell(up(TWO))).containsExactly(up(TWO));
        assertThat(known.tell(leader(TWO))).containsExactly(leader(TWO));
        assertThat(known.tell(meta(8))).containsExactly(meta(8));
    }

    @Test
    void whoIsGoneIsDownBeforeCurrent() {
        everythingIsToldTheFirstTime();
        known.reconnected();

        assertThat(known.tell(CURRENT))
                .containsExactly(new Down("web", ONE), new Leader("web", Optional.empty()), CURRENT);
    }

    @Test
    void changesAfterCurrentAreToldAsTheyCome() {
        everythingIsToldTheFirstTime();

        assertThat(known.tell(new Down("web", ONE))).containsExactly(new Down("web", ONE));
        assertThat(known.tell(up(ONE.withIndex(9)))).containsExactly(up(ONE.withIndex(9)));
        assertThat(known.tell(leader(ONE))).containsExactly(leader(ONE));
    }

    @Test
    void serversAreReadInEveryForm() {
        assertThat(Servers.parse(null)).containsExactly(Servers.DEFAULT);
        assertThat(Servers.parse("")).containsExactly(Servers.DEFAULT);
        assertThat(Servers.parse("none")).containsExactly(Servers.DEFAULT);
        assertThat(Servers.parse("10.0.0.1:1111,http://10.0.0.2:1111/, https://x"))
                .isEqualTo(List.of("http://10.0.0.1:1111", "http://10.0.0.2:1111", "https://x"));
    }

    private static Up up(Instance instance) {
        return new Up("web", instance);
    }

    private static Leader leader(Instance instance) {
        return new Leader("web", Optional.of(instance));
    }

    private static Meta meta(long index) {
        return new Meta("web", new ServiceMeta("1", index));
    }
}
