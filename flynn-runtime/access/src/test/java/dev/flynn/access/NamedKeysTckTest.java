package dev.flynn.access;

import dev.flynn.api.access.NewAccessKey;
import dev.flynn.api.access.Scope;
import dev.flynn.api.app.App;
import dev.flynn.api.app.Strategy;
import dev.flynn.api.id.AppId;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.auth.Authenticator;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.store.MemoryClusterStore;
import dev.flynn.tck.auth.AuthenticatorTck;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;

class NamedKeysTckTest extends AuthenticatorTck {

    private final SettableClock clock = new SettableClock();
    private final MemoryClusterStore store = new MemoryClusterStore();
    private final ClusterState state = new ClusterState(store, new FlynnJson(), clock);
    private final NamedKeys keys = new NamedKeys(state);

    @Override
    protected Authenticator openAuthenticator() {
        return keys;
    }

    @Override
    protected String issue(String name, Set<Scope> scopes, Optional<Instant> expiresAt) {
        scopes.forEach(scope -> scope.app().ifPresent(this::createApp));
        return keys.create(new NewAccessKey(
                        name, scopes.stream().map(Scope::toString).toList(), expiresAt))
                .key();
    }

    private void createApp(AppId id) {
        if (state.findApp(id.toString()).isPresent()) {
            return;
        }
        Transaction.Builder transaction = Transaction.builder();
        state.apps()
                .create(
                        transaction,
                        id.toString(),
                        new App(
                                id,
                                "ledger",
                                Map.of(),
                                Strategy.ALL_AT_ONCE,
                                Optional.empty(),
                                30,
                                false,
                                now(),
                                now()));
        state.commit(transaction);
    }

    @Override
    protected void revoke(String name) {
        keys.revoke(name);
    }

    @Override
    protected Instant now() {
        return clock.now;
    }

    @Override
    protected void advanceTo(Instant instant) {
        clock.now = instant;
    }

    @AfterEach
    void closeStore() {
        store.close();
    }
}
