package dev.flynn.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.state.ClusterState;
import dev.flynn.store.MemoryClusterStore;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Duration;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClusterMembersTest {

    private final TestClock clock = new TestClock();
    private final MemoryClusterStore store = new MemoryClusterStore();
    private final FlynnJson json = new FlynnJson();
    private final ClusterMembers members = new ClusterMembers(new ClusterState(store, json, clock));
    private final ClusterAuthority authority = ClusterAuthority.create(clock.instant());
    private final HostIdentity first = authority.identify("first", clock.instant());

    @TempDir
    Path directory;

    @BeforeEach
    void found() {
        members.found(authority, first);
    }

    @AfterEach
    void close() {
        store.close();
    }

    private JoinToken token(int uses) {
        return JoinToken.parse(members.create("note", uses, Duration.ofHours(1)));
    }

    private static byte[] request() {
        return Certificates.request(Certificates.newKey(), "any");
    }

    private String refusal(JoinToken token, String hostId) {
        FlynnException refused =
                catchThrowableOfType(FlynnException.class, () -> members.join(token, hostId, request()));
        assertThat(refused).isNotNull();
        assertThat(refused.code()).isEqualTo(ErrorCode.UNAUTHORIZED);
        return refused.getMessage();
    }

    @Test
    void aTokenLetsAsManyHostsJoinAsItSays() {
        JoinToken token = token(2);
        members.join(token, "b", request());
        members.join(token, "c", request());

        assertThat(refusal(token, "d")).contains("2 of 2 hosts joined with it");
        assertThat(members.isMember("c")).isTrue();
        assertThat(members.isMember("d")).isFalse();
        assertThat(members.list().get(0).state()).isEqualTo(TokenInfo.State.USED_UP);
    }

    @Test
    void askingAgainWithTheSameKeyUsesUpNothing() {
        JoinToken token = token(1);
        byte[] request = request();
        members.join(token, "b", request);

        assertThat(members.join(token, "b", request)).isNotNull();
        assertThat(members.list().get(0).uses()).isEqualTo(1);
    }

    @Test
    void anIdThatIsTakenIsNotGivenToAnotherKey() {
        JoinToken token = token(5);

        FlynnException refused =
                catchThrowableOfType(FlynnException.class, () -> members.join(token, "first", request()));
        assertThat(refused.code()).isEqualTo(ErrorCode.CONFLICT);
        assertThat(refused).hasMessageContaining("\"first\" belongs to the cluster already");
        assertThat(members.list().get(0).uses()).isZero();
    }

    @Test
    void anotherTokenDoesNotRepeatAJoin() {
        byte[] request = request();
        members.join(token(1), "b", request);

        assertThatThrownBy(() -> members.join(token(1), "b", request)).isInstanceOf(FlynnException.class);
    }

    @Test
    void anExpiredTokenIsRefusedWithBothTimes() {
        JoinToken token = token(1);
        clock.move(Duration.ofHours(1));

        assertThat(refusal(token, "b"))
                .contains("expired at 2026-11-20T13:00:00Z")
                .contains("it is 2026-11-20T13:00:00Z")
                .contains("flynn-host token create");
    }

    @Test
    void aRevokedTokenIsRefused() {
        JoinToken token = token(1);
        members.revoke(token.id());

        assertThat(refusal(token, "b")).contains("it was revoked");
        assertThat(members.list().get(0).state()).isEqualTo(TokenInfo.State.REVOKED);
    }

    @Test
    void anUnknownTokenTellsNothingOfOthers() {
        JoinToken unknown = JoinToken.random(authority.clusterId(), authority.fingerprint());

        assertThat(refusal(unknown, "b")).contains("the cluster does not know it");
    }

    @Test
    void aTokenWithAWrongSecretIsRefusedAsIfItWereUnknownEvenWhenItIsRevoked() {
        JoinToken token = token(1);
        members.revoke(token.id());
        byte[] guess = JoinTokenTest.bytes(token);
        guess[guess.length - 5] ^= 1;

        assertThat(refusal(JoinTokenTest.withCheckSum(guess), "b")).contains("the cluster does not know it");
    }

    @Test
    void aTokenOfAnotherClusterIsRefused() {
        assertThat(refusal(JoinToken.random(java.util.UUID.randomUUID(), authority.fingerprint()), "b"))
                .contains("two clusters never merge");
    }

    @Test
    void theStoreDoesNotHoldTheSecret() {
        String text = members.create("note", 1, Duration.ofHours(1));
        String everything =
                store.list("").entries().stream().map(StoreEntry::value).collect(Collectors.joining());

        byte[] secret = java.util.Arrays.copyOfRange(JoinTokenTest.bytes(JoinToken.parse(text)), 56, 76);
        assertThat(everything)
                .doesNotContain(text.substring(text.length() - 30))
                .doesNotContain(java.util.HexFormat.of().formatHex(secret));
    }

    @Test
    void tokensThatHaveLongBeenUselessAreForgotten() {
        JoinToken old = token(1);
        clock.move(Duration.ofDays(31));
        JoinToken fresh = token(1);

        assertThat(members.list())
                .extracting(TokenInfo::id)
                .containsExactly(fresh.id())
                .doesNotContain(old.id());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 1001})
    void aTokenIsForABoundedNumberOfHosts(int uses) {
        assertThatThrownBy(() -> members.create("", uses, Duration.ofHours(1))).hasMessageContaining("1 to 1000");
    }

    @Test
    void aTokenDoesNotLastForever() {
        assertThatThrownBy(() -> members.create("", 1, Duration.ofDays(400))).hasMessageContaining("366 days");
        assertThatThrownBy(() -> members.create("", 1, Duration.ZERO)).hasMessageContaining("366 days");
    }

    @Test
    void revokingWhatIsNotThereIsToldByName() {
        assertThatThrownBy(() -> members.revoke("0011223344556677")).hasMessageContaining("0011223344556677");
        assertThatThrownBy(() -> members.revoke("../hosts/first")).hasMessageContaining("does not exist");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "has-dash", "UPPER", "../x", "a b", "ä"})
    void aHostIdIsAWord(String hostId) {
        JoinToken token = token(1);
        assertThatThrownBy(() -> members.join(token, hostId, request()))
                .hasMessageContaining("lower-case letters and digits");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void aRequestThatIsNoneIsRefused(long seed) {
        byte[] bytes = new byte[200];
        new Random(seed).nextBytes(bytes);
        JoinToken token = token(1);

        assertThatThrownBy(() -> members.join(token, "b", bytes)).hasMessageContaining("PKCS #10");
        byte[] spoilt = request();
        spoilt[spoilt.length - 3] ^= 1;
        assertThatThrownBy(() -> members.join(token, "b", spoilt)).isInstanceOf(FlynnException.class);
        assertThat(members.list().get(0).uses()).isZero();
    }

    @Test
    void aStoreOfAnotherClusterIsRefused() {
        ClusterAuthority other = ClusterAuthority.create(clock.instant());

        assertThatThrownBy(() -> members.found(other, other.identify("first", clock.instant())))
                .hasMessageContaining("two clusters never merge");
        members.found(authority, first);
    }

    @Test
    void aCertificateIsRenewedWithANewKeyWhenAThirdOfItsLifeIsOver() {
        var files = new IdentityFiles(directory.resolve("identity"));
        files.save(first);
        var credentials = new HostCredentials(first, new RemovedHosts(files), clock);
        try (var renewal = new CertificateRenewal(credentials, files, members, clock)) {
            assertThat(renewal.renewIfDue()).isFalse();
            clock.move(ClusterAuthority.HOST_VALIDITY.dividedBy(3));
            assertThat(renewal.renewIfDue()).isTrue();

            HostIdentity renewed = credentials.identity();
            assertThat(renewed.key()).isNotEqualTo(first.key());
            assertThat(renewed.expiresAt()).isEqualTo(clock.instant().plus(ClusterAuthority.HOST_VALIDITY));
            assertThat(files.load(clock.instant())).hasValue(renewed);
            assertThat(credentials.admit(renewed.certificate())).isEqualTo(first.name());
            assertThat(credentials.admit(first.certificate())).isEqualTo(first.name());
        }
    }

    @Test
    void allKeysOfARemovedHostAreRefusedAtOnceAndAfterARestartWithoutTheStore() {
        var files = new IdentityFiles(directory.resolve("identity"));
        var removed = new RemovedHosts(files);
        var credentials = new HostCredentials(first, removed, clock);
        JoinToken token = token(2);
        var old = members.join(token, "b", request());
        KeyPair newKey = Certificates.newKey();
        var renewed = members.renew("b", Certificates.request(newKey, "b"));
        try (var follows = removed.follow(members, () -> {})) {
            assertThat(credentials.admit(old).hostId()).isEqualTo("b");
            members.remove("b");
            members.remove("b");
            org.awaitility.Awaitility.await()
                    .untilAsserted(() -> assertThatThrownBy(() -> credentials.admit(old))
                            .hasMessageContaining("host \"b\" was removed"));
            assertThatThrownBy(() -> credentials.admit(renewed)).hasMessageContaining("was removed");
        }
        var restarted = new HostCredentials(first, new RemovedHosts(files), clock);
        assertThatThrownBy(() -> restarted.admit(renewed)).hasMessageContaining("was removed");

        var anew = members.join(token, "b", request());
        assertThat(restarted.admit(anew).hostId()).isEqualTo("b");
        assertThatThrownBy(() -> members.renew("c", request())).hasMessageContaining("does not exist");
    }
}
