package dev.flynn.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.app.App;
import dev.flynn.api.app.Formation;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.HostPresence.Roll;
import dev.flynn.state.TableFeed.Changes;
import dev.flynn.state.Versioned;
import dev.flynn.store.MemoryClusterStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which apps and releases are read, and when again. */
class ClusterIndexTest {

    private final TestClock clock = new TestClock();
    private final MemoryClusterStore store = new MemoryClusterStore(clock);
    private final TestCluster cluster = new TestCluster(store, clock);
    private final List<Object> read = new ArrayList<>();
    private final ClusterIndex index = new ClusterIndex(
            id -> {
                read.add(id);
                return cluster.state.apps().known(id.toString()).map(Versioned::value);
            },
            id -> {
                read.add(id);
                return cluster.state.releases().known(id.toString()).map(Versioned::value);
            });

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void whatNoFormationNamesIsNotRead() {
        Formation formation = cluster.app("web");

        index.applyApps(changed(formation.app().toString()));
        index.applyReleases(changed(formation.release().toString()));

        assertThat(index.takeTouched()).isEmpty();
        assertThat(read).isEmpty();
    }

    @Test
    void whatAFormationNamesIsReadOnceUntilItChanges() {
        Formation formation = cluster.app("web");
        wanted(formation);

        look(formation.app());
        look(formation.app());
        assertThat(read).containsExactlyInAnyOrder(formation.app(), formation.release());

        read.clear();
        ReleaseId deployed = ReleaseId.random();
        cluster.state.apps().update(formation.app().toString(), app -> app.withRelease(deployed, clock.instant()));
        index.applyApps(changed(formation.app().toString()));
        index.applyReleases(changed(ReleaseId.random().toString()));

        assertThat(index.takeTouched()).containsExactly(formation.app());
        assertThat(app(look(formation.app()), formation.app()).release()).hasValue(deployed);
        assertThat(read).containsExactly(formation.app());
    }

    @Test
    void aReleaseThatAppearsAfterItsFormationIsSeen() {
        ReleaseId late = ReleaseId.random();
        Formation formation = cluster.app(late);
        wanted(formation);
        assertThat(look(formation.app()).releases().apply(late)).isEmpty();
        index.takeTouched();

        Transaction.Builder transaction = Transaction.builder();
        Formation other = cluster.app("web");
        cluster.state
                .releases()
                .create(
                        transaction,
                        late.toString(),
                        cluster.state.releases().get(other.release().toString()).value());
        cluster.state.commit(transaction);
        index.applyReleases(changed(late.toString()));

        assertThat(index.takeTouched()).containsExactly(formation.app());
        assertThat(look(formation.app()).releases().apply(late)).isPresent();
    }

    @Test
    void whenEverythingIsToldAgainEverythingIsReadAgain() {
        Formation formation = cluster.app("web");
        wanted(formation);
        look(formation.app());
        index.takeTouched();
        read.clear();

        index.applyApps(new Changes<String>(true, Map.of(), 9));
        index.applyReleases(new Changes<String>(true, Map.of(), 9));

        assertThat(index.takeTouched()).containsExactly(formation.app());
        look(formation.app());
        assertThat(read).containsExactlyInAnyOrder(formation.app(), formation.release());
    }

    private ClusterPicture look(AppId app) {
        ClusterPicture picture =
                index.pictureOf(Set.of(app), List.of(), new Roll(Set.of(), Set.of(), Optional.empty()), job -> true);
        picture.formations().forEach(formation -> {
            var unusedRelease = picture.releases().apply(formation.value().release());
            var unusedApp = picture.apps().apply(formation.value().app());
        });
        return picture;
    }

    private static App app(ClusterPicture picture, AppId id) {
        return picture.apps().apply(id).orElseThrow();
    }

    private void wanted(Formation formation) {
        String id = ClusterState.formationId(formation.app(), formation.release());
        index.applyFormations(new Changes<>(
                false, Map.of(id, Optional.of(cluster.state.formations().get(id))), 1));
    }

    private static Changes<String> changed(String id) {
        return new Changes<>(false, Map.of(id, Optional.of(new Versioned<>("", "", 1, 1))), 1);
    }
}
