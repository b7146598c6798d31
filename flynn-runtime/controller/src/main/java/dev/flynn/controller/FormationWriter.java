package dev.flynn.controller;

import dev.flynn.api.app.Formation;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import java.util.Map;
import java.util.Optional;

/** Adds changes of formations to transactions, each with the {@code scale} event that tells of it. */
final class FormationWriter {

    private final ClusterState state;
    private final ReleaseUses uses;

    FormationWriter(ClusterState state, ControllerTables tables) {
        this.state = state;
        this.uses = new ReleaseUses(tables);
    }

    /**
     * Adds: this formation is wanted.
     *
     * @param known the formation that was read, if there is one; the transaction holds only while it is still so
     * @param told the counts that the event tells; empty when they were taken away
     */
    void put(
            Transaction.Builder transaction,
            Optional<Versioned<Formation>> known,
            Formation formation,
            Optional<Map<String, Integer>> told) {
        known.ifPresentOrElse(
                read -> state.formations().replace(transaction, read, formation),
                () -> state.formations()
                        .create(
                                transaction,
                                ClusterState.formationId(formation.app(), formation.release()),
                                formation));
        uses.rememberFormation(transaction, formation.app(), formation.release());
        tell(
                transaction,
                formation.app(),
                formation.release(),
                known.map(read -> read.value().processes()).orElse(Map.of()),
                told);
    }

    /** Adds: this formation is gone. */
    void delete(Transaction.Builder transaction, Versioned<Formation> read) {
        Formation formation = read.value();
        state.formations().remove(transaction, read);
        uses.rememberDeleted(
                transaction, formation.app(), formation.release(), state.clock().instant());
        tell(transaction, formation.app(), formation.release(), formation.processes(), Optional.empty());
    }

    private void tell(
            Transaction.Builder transaction,
            AppId app,
            ReleaseId release,
            Map<String, Integer> before,
            Optional<Map<String, Integer>> after) {
        state.events()
                .append(
                        transaction,
                        EventType.SCALE,
                        Optional.of(app),
                        app + ":" + release,
                        new Scale(before, after, release));
    }
}
