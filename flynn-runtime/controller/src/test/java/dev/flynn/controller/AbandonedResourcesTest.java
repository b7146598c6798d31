package dev.flynn.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.flynn.api.error.FlynnException;
import dev.flynn.controller.KilledAtCommit.Killed;
import dev.flynn.controller.KilledAtCommit.Moment;
import dev.flynn.controller.ProviderCatalog.NewResource;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import dev.flynn.state.route.RouteCatalog;
import dev.flynn.store.MemoryClusterStore;
import java.net.ConnectException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a provider gave is a resource or is given back, wherever the controller dies. */
class AbandonedResourcesTest {

    private static final NewResource SMALL = new NewResource(List.of(), Optional.empty());

    private final StoresProvider stores = new StoresProvider();
    private final SetClock clock = new SetClock();
    private MemoryClusterStore store;
    private StoreDiscovery discovery;
    private ClusterState state;
    private AbandonedResources worker;

    private static final class SetClock extends Clock {

        Instant now = Instant.parse("2026-11-21T12:00:00Z");

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    @BeforeEach
    void open() {
        store = new MemoryClusterStore();
        discovery = StoreDiscovery.builder(store).build();
        state = stateOn(store);
        worker = new AbandonedResources(state, new ControllerTables(state), providers(state));
        catalog(state).ensureBuiltin("stores");
    }

    @AfterEach
    void close() {
        discovery.close();
        store.close();
    }

    private ClusterState stateOn(ClusterStore any) {
        return new ClusterState(any, new FlynnJson(), clock);
    }

    private ResourceProviders providers(ClusterState any) {
        return new ResourceProviders(Map.of("stores", stores), new ClusterHttp(discovery), any.json());
    }

    private ProviderCatalog catalog(ClusterState any) {
        var tables = new ControllerTables(any);
        var apps = new AppCatalog(any, tables, new RouteCatalog(any), Optional.empty());
        return new ProviderCatalog(any, tables, apps, providers(any));
    }

    private List<String> recorded() {
        return state.resources().list().stream()
                .map(Versioned::value)
                .map(resource -> resource.externalId())
                .toList();
    }

    private boolean isPending() {
        return !new ControllerTables(state).pendingResources().list().isEmpty();
    }

    private void workUntilDone() {
        Instant next = worker.look();
        for (int i = 0; i < 2 * AbandonedResources.MAX_ATTEMPTS && !next.equals(Instant.MAX); i++) {
            clock.now = next.isAfter(clock.now) ? next : clock.now;
            next = worker.look();
        }
    }

    @ParameterizedTest
    @CsvSource({"0, BEFORE", "1, BEFORE", "1, AFTER", "2, BEFORE", "2, AFTER"})
    void nothingIsLostWhenTheControllerIsKilled(int commit, Moment moment) {
        ProviderCatalog doomed = catalog(stateOn(new KilledAtCommit(store, commit, moment)));

        Throwable end = catchThrowable(() -> doomed.provision("stores", SMALL));
        workUntilDone();

        if (commit > 0) {
            assertThat(end).isInstanceOf(Killed.class);
        }
        assertThat(stores.stores.keySet()).containsExactlyInAnyOrderElementsOf(recorded());
        assertThat(isPending()).isFalse();
        assertThat(recorded()).hasSize(commit == 0 || (commit == 2 && moment == Moment.AFTER) ? 1 : 0);
    }

    @Test
    void aLostAnswerIsUndoneAtOnce() {
        stores.failure = Optional.of(FlynnException.unavailable("the answer was lost", null));
        stores.createsBeforeItFails = true;
        assertThatThrownBy(() -> catalog(state).provision("stores", SMALL)).hasMessage("the answer was lost");
        assertThat(stores.stores).hasSize(1);
        stores.failure = Optional.empty();

        assertThat(worker.look()).isEqualTo(Instant.MAX);

        assertThat(stores.stores).isEmpty();
        assertThat(isPending()).isFalse();
    }

    @Test
    void aRequestThatIsUnderWayIsLeftAlone() {
        ProviderCatalog doomed = catalog(stateOn(new KilledAtCommit(store, 2, Moment.BEFORE)));
        assertThatThrownBy(() -> doomed.provision("stores", SMALL)).isInstanceOf(Killed.class);

        assertThat(worker.look()).isEqualTo(clock.now.plus(AbandonedResources.PATIENCE));

        assertThat(stores.stores).hasSize(1);
    }

    @Test
    void aRefusalLeavesNothingToUndo() {
        var config = Optional.of(state.json().readTree("{\"colour\":\"blue\"}"));

        assertThatThrownBy(() -> catalog(state).provision("stores", new NewResource(List.of(), config)))
                .hasMessageContaining("colour is not a setting");

        assertThat(isPending()).isFalse();
    }

    @Test
    void nothingIsLeftToUndoWhereNobodyCouldBeAsked() {
        stores.failure = Optional.of(FlynnException.unavailable("nobody listens", new ConnectException("refused")));

        assertThatThrownBy(() -> catalog(state).provision("stores", SMALL)).hasMessage("nobody listens");

        assertThat(isPending()).isFalse();
    }

    @Test
    void aProviderThatStaysAwayIsAskedAgainAndGivenUpInTheEnd() {
        stores.failure = Optional.of(FlynnException.unavailable("the stores are away", null));
        assertThatThrownBy(() -> catalog(state).provision("stores", SMALL)).isInstanceOf(FlynnException.class);

        workUntilDone();

        assertThat(stores.asked).isEqualTo(1 + AbandonedResources.MAX_ATTEMPTS);
        assertThat(isPending()).isFalse();
    }

    @Test
    void settingsReachTheProviderAndAResourceIsGivenBack() {
        var config = Optional.of(state.json().readTree("{\"size\":\"big\",\"unset\":null}"));

        var resource = catalog(state).provision("stores", new NewResource(List.of(), config));

        assertThat(stores.stores).containsExactly(Map.entry(resource.externalId(), "big"));
        assertThat(catalog(state).delete("stores", resource.id().toString())).isEqualTo(resource);
        assertThat(stores.stores).isEmpty();
    }

    @Test
    void aProviderOfAnotherProcessIsRefusedByName() {
        assertThatThrownBy(() -> catalog(state).create(new ProviderCatalog.NewProvider("x", "builtin:queues")))
                .hasMessageContaining("it has [stores]");
        assertThatThrownBy(() -> catalog(state).create(new ProviderCatalog.NewProvider("x", "ftp://there/x")))
                .hasMessageContaining("must be an absolute http URL");
        assertThat(catalog(state).ensureBuiltin("stores").url()).isEqualTo("builtin:stores");
    }
}
