package dev.flynn.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.api.release.Release;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FormatsTest {

    @ParameterizedTest
    @CsvSource({
        "3944629056, 3.944629056s",
        "600233166, 600.233166ms",
        "62500000000, 1m2.5s",
        "3661000000000, 1h1m1s",
        "3600000000000, 1h0m0s",
        "2000000000, 2s",
        "1500, 1.5µs",
        "7, 7ns",
        "0, 0s"
    })
    void durationsLookAsGoPrintsThem(long nanos, String text) {
        assertThat(GoDuration.format(Duration.ofNanos(nanos))).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({
        "memory, 1073741824, 1GB",
        "memory, 536870912, 512MB",
        "memory, 1610612736, 1.5GB",
        "memory, 123456, 120.6kB",
        "memory, 1000, 1000B",
        "temp_disk, 104857600, 100MB",
        "max_fd, 10000, 10000",
        "cpu, 1000, 1000"
    })
    void showsLimits(String type, long amount, String text) {
        assertThat(Limits.format(type, amount)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({
        "memory, 512MB, 536870912",
        "memory, 1g, 1073741824",
        "memory, 1024, 1024",
        "memory, 2kB, 2048",
        "max_fd, 10k, 10000",
        "max_fd, 5B, 5"
    })
    void readsLimitsWithMemoryInUnitsOf1024AndTheRestIn1000(String type, String text, long amount) {
        assertThat(Limits.parse(type, text)).isEqualTo(amount);
    }

    @ParameterizedTest
    @CsvSource({"1.5GB", "-1", "GB", "1XB", "9223372036854775807G", "''"})
    void refusesLimitsThatAreNoWholeNumberWithAUnit(String text) {
        assertThatThrownBy(() -> Limits.parse("memory", text))
                .hasMessage("invalid resource limit value: \"" + text + "\"");
    }

    @Test
    void refusesUnknownLimitTypes() {
        assertThatThrownBy(() -> Limits.requireType("bogus", "1"))
                .hasMessage("invalid resource limit type: [\"bogus\" \"1\"]");
    }

    @Test
    void tablesPadEveryCellButTheLastOfItsRow() {
        Table table = new Table()
                .row("NAME", "URL")
                .row("prod", "https://example.net", "(default)")
                .row("a", "", "x")
                .row("b", "");

        assertThat(table.lines())
                .containsExactly(
                        "NAME  URL", "prod  https://example.net  (default)", "a                          x", "b     ");
    }

    @Test
    void runningDeploymentsEndInSpaces() {
        Table table = new Table().row("STATUS", "CREATED", "FINISHED").row("running", "4 seconds ago", "");

        assertThat(table.lines()).containsExactly("STATUS   CREATED        FINISHED", "running  4 seconds ago  ");
    }

    @Test
    void logLinesOfOneOffJobsHaveAnEmptyType() {
        Instant time = Instant.parse("2015-12-14T17:06:40.12Z");

        assertThat(LogCommand.format(new LogMessage("n", "n-0d4a", "listening", Optional.of("web"), "stdout", time)))
                .isEqualTo("2015-12-14T17:06:40.120000Z app[web.n-0d4a]: listening");
        assertThat(LogCommand.format(new LogMessage("n", "n-0d4a", "migrating", Optional.empty(), "stdout", time)))
                .isEqualTo("2015-12-14T17:06:40.120000Z app[.n-0d4a]: migrating");
    }

    @Test
    void releaseDetailsAreTwoColumns() {
        var release = new Release(
                ReleaseId.of("f0c6a0b2-74a2-4d5a-92c3-3d5b9dfb8a01"),
                Optional.empty(),
                List.of(),
                Map.of("LOG_LEVEL", "info"),
                Map.of(),
                Map.of(),
                Instant.parse("2015-12-14T09:13:01.2Z"));

        assertThat(ReleaseCommand.details(release, List.of()).lines())
                .containsExactly(
                        "ID:              f0c6a0b2-74a2-4d5a-92c3-3d5b9dfb8a01",
                        "Artifact:        ",
                        "Process Types:   ",
                        "Created At:      2015-12-14 09:13:01.2 +0000 UTC",
                        "ENV[LOG_LEVEL]:  info");
    }

    @Test
    void picksPemBlocksOfExactlyTheType() {
        String pem = """
                -----BEGIN RSA PRIVATE KEY-----
                AA
                -----END RSA PRIVATE KEY-----
                -----BEGIN CERTIFICATE-----
                BB
                -----END CERTIFICATE-----
                """;

        assertThat(Certificates.blocks(pem, "CERTIFICATE"))
                .isEqualTo("-----BEGIN CERTIFICATE-----\nBB\n-----END CERTIFICATE-----\n");
        assertThat(Certificates.blocks(pem, "PRIVATE KEY")).isEmpty();
    }
}
