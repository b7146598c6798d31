package dev.flynn.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.access.AccessKey;
import dev.flynn.api.access.IssuedKey;
import dev.flynn.api.access.NewAccessKey;
import dev.flynn.api.access.Scope;
import dev.flynn.api.app.App;
import dev.flynn.api.app.Strategy;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.auth.Principal;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.store.MemoryClusterStore;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamedKeysTest {

    private final SettableClock clock = new SettableClock();
    private final MemoryClusterStore store = new MemoryClusterStore();
    private final ClusterState state = new ClusterState(store, new FlynnJson(), clock);
    private final NamedKeys keys = new NamedKeys(state);

    @AfterEach
    void close() {
        keys.close();
        store.close();
    }

    private IssuedKey create(String name, String... scopes) {
        return keys.create(new NewAccessKey(name, List.of(scopes), Optional.empty()));
    }

    private App createApp(String name, Map<String, String> meta) {
        var app = new App(
                AppId.random(), name, meta, Strategy.ALL_AT_ONCE, Optional.empty(), 30, false, clock.now, clock.now);
        Transaction.Builder transaction = Transaction.builder();
        state.apps().create(transaction, app.id().toString(), app);
        transaction.put(ClusterState.appNameKey(name), app.id().toString());
        state.commit(transaction);
        return app;
    }

    @Test
    void theStoreNeverHasTheKey() {
        IssuedKey issued = create("ci", "deploy");

        assertThat(issued.key()).matches("flynn_[\\w-]{43}");
        assertThat(store.list("").entries())
                .allSatisfy(entry -> assertThat(entry.key() + entry.value())
                        .doesNotContain(issued.key())
                        .doesNotContain(issued.key().substring(6)));
        assertThat(issued + " " + keys).doesNotContain(issued.key());
    }

    @Test
    void anAppIsNamedByItsNameAndKeptByItsId() {
        App app = createApp("ledger", Map.of());

        IssuedKey issued = create("ci", "deploy", "app:ledger");

        assertThat(issued.accessKey().scopes()).containsExactly(Scope.DEPLOY, Scope.ofApp(app.id()));
        assertThat(keys.authenticate(issued.key()).flatMap(Principal::onlyApp)).hasValue(app.id());
    }

    @Test
    void noKeyIsForAnAppOfThePlatform() {
        createApp("controller", Map.of(App.SYSTEM_APP, "true"));

        assertThatThrownBy(() -> create("ci", "app:controller"))
                .hasMessageContaining("controller")
                .hasMessageContaining("ask for admin");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Big", "a b", "a_b", "-a", "a/b", "auth-key-1"})
    void refusesNamesThatConfuse(String name) {
        assertThatThrownBy(() -> create(name, "read")).hasMessageStartingWith("name ");
    }

    @Test
    void refusesWhatMakesNoSense() {
        assertThatThrownBy(() -> create("ci")).hasMessageContaining("scopes must not be empty");
        assertThatThrownBy(() -> create("ci", "write")).hasMessageContaining("\"write\" is none of them");
        assertThatThrownBy(() -> create("ci", "app:nothing")).hasMessageContaining("does not exist");
        assertThatThrownBy(() -> keys.create(new NewAccessKey("ci", List.of("read"), Optional.of(clock.now))))
                .hasMessageContaining("in the future");
        assertThat(keys.list()).isEmpty();
    }

    @Test
    void aNameIsNotGivenAgain() {
        create("ci", "read");
        keys.revoke("ci");

        assertThatThrownBy(() -> create("ci", "read"))
                .isInstanceOfSatisfying(
                        FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OBJECT_EXISTS));
    }

    @Test
    void revokingTwiceChangesNothing() {
        create("ci", "read");
        Optional<Instant> first = keys.revoke("ci").revokedAt();
        clock.now = clock.now.plusSeconds(60);

        assertThat(keys.revoke("ci").revokedAt()).isEqualTo(first).isPresent();
        assertThatThrownBy(() -> keys.revoke("nobody")).hasMessageContaining("nobody");
    }

    @Test
    void whatIsRevokedElsewhereIsRevokedHere() {
        String key = create("ci", "read").key();
        try (NamedKeys elsewhere = new NamedKeys(state)) {
            assertThat(elsewhere.authenticate(key)).isPresent();
            elsewhere.revoke("ci");
        }

        await().until(() -> keys.authenticate(key).isEmpty());
    }

    @Test
    void tellsWhenAKeyWasUsedToTheMinute() {
        String key = create("ci", "read").key();
        assertThat(keys.list().get(0).lastUsedAt()).isEmpty();
        Instant first = clock.now;

        keys.authenticate(key);
        await().until(() -> keys.list().get(0).lastUsedAt().equals(Optional.of(first)));
        long revision = store.list("access-key-uses/").revision();
        clock.now = first.plusSeconds(59);
        for (int i = 0; i < 1000; i++) {
            keys.authenticate(key);
        }
        assertThat(store.list("access-key-uses/").revision()).isEqualTo(revision);

        clock.now = first.plusSeconds(60);
        keys.authenticate(key);
        await().until(() -> keys.list().get(0).lastUsedAt().equals(Optional.of(clock.now)));
    }

    @Test
    void keysAreForgottenLongAfterTheirEnd() {
        create("revoked", "read");
        keys.create(new NewAccessKey("expired", List.of("read"), Optional.of(clock.now.plusSeconds(1))));
        create("lasting", "read");
        keys.revoke("revoked");
        clock.now = clock.now.plus(NamedKeys.REMEMBERED).plus(Duration.ofDays(1));

        create("new", "read");

        assertThat(keys.list()).extracting(AccessKey::name).containsExactly("lasting", "new");
        assertThat(create("revoked", "read").key()).isNotEmpty();
    }

    @Test
    void bothKindsOfKeysAreTakenTogether() {
        String key = create("ci", "read").key();
        try (var either = new EitherAuthenticator(new ConfiguredKeys(List.of("first", "second")), keys)) {
            assertThat(either.authenticate("second")).hasValue(Principal.admin("auth-key-2"));
            assertThat(either.authenticate(key)).hasValue(new Principal("ci", Set.of(Scope.READ)));
            assertThat(either.authenticate("third")).isEmpty();
        }
        assertThat(keys.authenticate(key)).isEmpty();
    }
}
