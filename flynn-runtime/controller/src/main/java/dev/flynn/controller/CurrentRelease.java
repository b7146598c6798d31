package dev.flynn.controller;

import dev.flynn.api.app.App;
import dev.flynn.api.event.EventType;
import dev.flynn.api.release.Release;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import java.util.Optional;

/** Moves an app's pointer to its current release. */
final class CurrentRelease {

    private final ClusterState state;
    private final ReleaseUses uses;

    CurrentRelease(ClusterState state, ControllerTables tables) {
        this.state = state;
        this.uses = new ReleaseUses(tables);
    }

    /** Adds: this is the app's current release now, if the app is as it was read, with the event that tells of it. */
    void set(Transaction.Builder transaction, Versioned<App> read, Release release) {
        App app = read.value();
        Optional<Release> previous = app.release()
                .flatMap(id -> state.releases().find(id.toString()))
                .map(Versioned::value);
        state.apps()
                .replace(
                        transaction,
                        read,
                        app.withRelease(release.id(), state.clock().instant()));
        uses.remember(transaction, app.id(), release.id());
        state.events()
                .append(
                        transaction,
                        EventType.APP_RELEASE,
                        Optional.of(app.id()),
                        release.id().toString(),
                        new AppRelease(previous, release));
    }
}
