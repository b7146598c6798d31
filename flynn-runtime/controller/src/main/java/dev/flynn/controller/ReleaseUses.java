package dev.flynn.controller;

import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.controller.ControllerTables.ReleaseUse;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Which releases an app has, or ever had, something to do with: a formation, a deployment, or its current release. */
final class ReleaseUses {

    private final ControllerTables tables;

    ReleaseUses(ControllerTables tables) {
        this.tables = tables;
    }

    List<ReleaseUse> of(AppId app) {
        return tables.releaseUses().list(app + "/").stream()
                .map(Versioned::value)
                .toList();
    }

    List<ReleaseUse> all() {
        return tables.releaseUses().list().stream().map(Versioned::value).toList();
    }

    /** Adds: the app has to do with the release. */
    void remember(Transaction.Builder transaction, AppId app, ReleaseId release) {
        if (find(app, release).isEmpty()) {
            write(transaction, new ReleaseUse(app, release, Optional.empty()));
        }
    }

    /** Adds: the app has a formation of the release. */
    void rememberFormation(Transaction.Builder transaction, AppId app, ReleaseId release) {
        write(transaction, new ReleaseUse(app, release, Optional.empty()));
    }

    /** Adds: the app had a formation of the release, which is deleted. */
    void rememberDeleted(Transaction.Builder transaction, AppId app, ReleaseId release, Instant when) {
        write(transaction, new ReleaseUse(app, release, Optional.of(when)));
    }

    private void write(Transaction.Builder transaction, ReleaseUse use) {
        Optional<Versioned<ReleaseUse>> known = find(use.app(), use.release());
        if (known.isEmpty()) {
            tables.releaseUses().create(transaction, ClusterState.formationId(use.app(), use.release()), use);
        } else if (!known.get().value().equals(use)) {
            tables.releaseUses().replace(transaction, known.get(), use);
        }
    }

    private Optional<Versioned<ReleaseUse>> find(AppId app, ReleaseId release) {
        return tables.releaseUses().find(ClusterState.formationId(app, release));
    }
}
