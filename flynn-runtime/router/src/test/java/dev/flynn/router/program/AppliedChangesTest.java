package dev.flynn.router.program;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.route.Route;
import dev.flynn.router.api.RouterBackend;
import dev.flynn.router.api.RouterEvent;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the API tells of two tables, one after the other. */
class AppliedChangesTest {

    private final AppliedChanges changes = new AppliedChanges();
    private final Route route = Route.http("app", "web").build();
    private final RouterBackend one = new RouterBackend("web", "10.0.0.1:80", "shop", "job1");
    private final RouterBackend other = new RouterBackend("web", "10.0.0.2:80", "shop", "job2");
    private final RouterBackend sameAddress = new RouterBackend("admin", "10.0.0.1:80", "shop", "job1");

    @Test
    void whatIsTheSameIsNotTold() {
        assertThat(routes(route)).containsExactly("set");

        assertThat(routes(route.toBuilder().build())).isEmpty();
        assertThat(routes(route.toBuilder().service("next").build())).containsExactly("set");
        assertThat(routes()).containsExactly("remove");
    }

    @Test
    void aReasonIsToldWhenItComesAndWhenItGoes() {
        assertThat(changes.routes(List.of(route.formattedId()), this::found, Map.of(route.formattedId(), "port taken")))
                .containsExactly(RouterEvent.set(route, Optional.of("port taken")));

        assertThat(changes.routes(List.of(), this::found, Map.of(route.formattedId(), "port taken")))
                .isEmpty();
        assertThat(changes.routes(List.of(), this::found, Map.of()))
                .containsExactly(RouterEvent.set(route, Optional.empty()));
    }

    @Test
    void aBackendIsDrainedWhenTheRouterSaysSo() {
        backends(one, other);

        assertThat(backends(other)).containsExactly(RouterEvent.down(one));
        assertThat(changes.drained(one.addr())).containsExactly(RouterEvent.drained(one));
        assertThat(changes.drained(one.addr())).isEmpty();
    }

    @Test
    void anAddressThatAnotherServiceStillHasIsNotDrainedYet() {
        backends(one, sameAddress);

        assertThat(backends(sameAddress)).containsExactly(RouterEvent.down(one));
        assertThat(backends()).containsExactly(RouterEvent.down(sameAddress));
        assertThat(changes.drained(one.addr()))
                .containsExactly(RouterEvent.drained(one), RouterEvent.drained(sameAddress));
    }

    @Test
    void whoComesBackIsNotDrainedByItsEarlierLife() {
        backends(one);
        backends();
        assertThat(backends(one)).containsExactly(RouterEvent.up(one));
        assertThat(backends()).containsExactly(RouterEvent.down(one));

        assertThat(changes.drained(one.addr())).as("of the earlier life").isEmpty();
        assertThat(changes.drained(one.addr())).containsExactly(RouterEvent.drained(one));
    }

    private Optional<Route> found(String id) {
        return Optional.of(route).filter(known -> known.formattedId().equals(id));
    }

    /** After a change of the one route there is, or its end. */
    private List<String> routes(Route... now) {
        return changes.routes(List.of(route.formattedId()), id -> Stream.of(now).findFirst(), Map.of()).stream()
                .map(RouterEvent::event)
                .toList();
    }

    private List<RouterEvent> backends(RouterBackend... now) {
        return changes.backends(List.of(now));
    }
}
