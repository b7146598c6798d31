package dev.flynn.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdentityFilesTest {

    private final TestClock clock = new TestClock();

    @TempDir
    Path root;

    private Path directory() {
        return root.resolve("identity");
    }

    private IdentityFiles files() {
        return new IdentityFiles(directory());
    }

    @Test
    void foundingTwiceGivesTheSameIdentity() {
        HostIdentity identity = files().found("first", clock.instant());

        assertThat(files().found("other", clock.instant())).isEqualTo(identity);
        assertThat(files().load(clock.instant())).hasValue(identity);
        assertThat(files().loadAuthority()).map(ClusterAuthority::clusterId).hasValue(identity.clusterId());
    }

    @Test
    void nobodyElseCanReadThem() throws IOException {
        files().found("first", clock.instant());

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory())))
                .isEqualTo("rwx------");
        try (Stream<Path> all = Files.list(directory())) {
            assertThat(all)
                    .isNotEmpty()
                    .allSatisfy(file -> assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                            .isEqualTo("rw-------"));
        }
    }

    @Test
    void aKeyThatOthersCouldReadIsRefusedWithTheWayOut() throws IOException {
        files().found("first", clock.instant());
        Path file = directory().resolve("host.pem");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));

        assertThatThrownBy(() -> files().load(clock.instant())).hasMessageContaining("chmod 600 " + file);
    }

    @Test
    void aDamagedFileIsNamedWithTheWayOut() throws IOException {
        files().found("first", clock.instant());
        Path file = directory().resolve("host.pem");
        String whole = Files.readString(file);
        for (String damaged : new String[] {
            "",
            "nonsense",
            whole.substring(0, 300),
            whole.replaceFirst("BEGIN PRIVATE", "BEGIN PUBLIC"),
            whole.replace("M", "N")
        }) {
            Files.writeString(file, damaged);

            assertThatThrownBy(() -> files().load(clock.instant()))
                    .as(damaged)
                    .isInstanceOf(FlynnException.class)
                    .hasMessageContaining(file.toString())
                    .hasMessageContaining("is damaged")
                    .hasMessageContaining("join again with a token");
        }
    }

    @Test
    void theKeyOfAnotherHostDoesNotPassForThisOnes() throws IOException {
        files().found("first", clock.instant());
        Path file = directory().resolve("host.pem");
        HostIdentity other = files().loadAuthority().orElseThrow().identify("first", clock.instant());
        String mixed = Files.readString(file)
                .replaceFirst("(?s)-----BEGIN PRIVATE KEY.*END PRIVATE KEY-----\n", Pem.of(other.key()));
        Files.writeString(file, mixed);

        assertThatThrownBy(() -> files().load(clock.instant())).hasMessageContaining("not that of the certificate");
    }

    @Test
    void anotherFormatIsRefusedByName() throws IOException {
        files().found("first", clock.instant());
        Path file = directory().resolve("host.pem");
        Files.writeString(file, Files.readString(file).replace("format 1", "format 7"));

        assertThatThrownBy(() -> files().load(clock.instant()))
                .hasMessageContaining("format 7")
                .hasMessageContaining("format 1");
    }

    @Test
    void whatAWriteThatWasCutShortLeftIsNoHindrance() throws IOException {
        HostIdentity identity = files().found("first", clock.instant());
        Files.writeString(directory().resolve("host.pem.new"), "half");

        assertThat(files().load(clock.instant())).hasValue(identity);
        files().save(identity);
        assertThat(directory().resolve("host.pem.new")).doesNotExist();
    }

    @Test
    void aHostThatHasTheAuthorityAtHandRenewsItsCertificateAtTheStart() {
        HostIdentity old = files().found("first", clock.instant());
        clock.move(ClusterAuthority.HOST_VALIDITY.plus(Duration.ofDays(100)));

        HostIdentity renewed = files().load(clock.instant()).orElseThrow();
        assertThat(renewed.name()).isEqualTo(old.name());
        assertThat(renewed.expiresAt()).isAfter(clock.instant());
        assertThat(files().load(clock.instant())).hasValue(renewed);
    }

    @Test
    void thereIsNoIdentityBeforeThereIsOne() {
        assertThat(files().load(clock.instant())).isEmpty();
    }
}
