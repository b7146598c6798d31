package dev.flynn.containers.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.host.JobStatus;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.container.ExecResult;
import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SettingsTest {

    private static final Path DIRECTORY = Path.of("/var/lib/flynn/containers");

    @Test
    void withoutSettingsItIsTheEngineInItsUsualPlace() {
        DockerSettings settings = DockerSettings.defaults(DIRECTORY);

        assertThat(settings.host()).isEqualTo("unix:///var/run/docker.sock");
        assertThat(settings.images()).isEqualTo(DIRECTORY.resolve("images"));
        assertThat(settings.ownAddresses()).isTrue();
        assertThat(settings.init()).isTrue();
    }

    @Test
    void aSettingThatIsUnknownOrWrongIsRefusedByName() {
        for (Map<String, String> wrong :
                Set.of(Map.of("subnets", "x"), Map.of("mtu", "12"), Map.of("mtu", "many"), Map.of("init", "maybe"))) {
            assertThatThrownBy(() -> DockerSettings.of(wrong, DIRECTORY))
                    .hasMessageContaining(wrong.keySet().iterator().next());
        }
        assertThatThrownBy(() -> Engine.open("tcp://10.0.0.1:2375")).hasMessageContaining("socket of an engine");
    }

    @Test
    void urisOfImagesNameWhatTheEngineIsAskedFor() {
        assertThat(ImageSource.of("docker://registry.example:5000/web:2"))
                .isEqualTo(new ImageSource.Named("registry.example:5000/web:2"));
        assertThat(ImageSource.of("docker://registry.example:5000/web"))
                .isEqualTo(new ImageSource.Named("registry.example:5000/web:latest"));
        assertThat(ImageSource.of("https://images.example?name=acme/web&tag=v1"))
                .isEqualTo(new ImageSource.Named("images.example/acme/web:v1"));
        assertThat(ImageSource.of("https://registry.hub.docker.com?name=redis"))
                .isEqualTo(new ImageSource.Named("redis:latest"));
        assertThat(ImageSource.of("http://blobstore.discoverd/images/web.tar"))
                .isEqualTo(new ImageSource.Fetched(URI.create("http://blobstore.discoverd/images/web.tar")));
        assertThat(ImageSource.of("docker-archive:/srv/web.tar"))
                .isEqualTo(new ImageSource.Archive(Path.of("/srv/web.tar")));
        assertThatThrownBy(() -> ImageSource.of("oci:/srv/layout")).hasMessageContaining("skopeo");
        assertThatThrownBy(() -> ImageSource.of("https://images.example")).hasMessageContaining("name");
        assertThatThrownBy(() -> ImageSource.of("ftp://images.example")).hasMessageContaining("docker://");
    }

    @Test
    void everyJobHasAnAddressUntilTheSubnetIsFull() {
        Addresses addresses = Addresses.of("10.1.2.0/29", "10.1.2.1", 3);
        Set<String> leased = new HashSet<>();

        for (int i = 0; i < 5; i++) {
            leased.add(addresses.lease(JobId.random("host")));
        }

        assertThat(leased).containsExactlyInAnyOrder("10.1.2.2", "10.1.2.3", "10.1.2.4", "10.1.2.5", "10.1.2.6");
        assertThatThrownBy(() -> addresses.lease(JobId.random("host"))).hasMessageContaining("in use");
    }

    @Test
    void anAddressIsUsedAgainAsLateAsPossible() {
        Addresses addresses = Addresses.of("200.1.2.0/24", "200.1.2.1", -1);
        JobId job = JobId.random("host");
        String first = addresses.lease(job);
        addresses.release(job);

        assertThat(addresses.lease(JobId.random("host"))).isNotEqualTo(first);
    }

    @Test
    void whatAnEngineSaysIsASentence() {
        assertThat(EngineMessage.of("Status 404: {\"message\":\"No such image: \\\"x\\\"\\n\"}"))
                .isEqualTo("No such image: \"x\"");
        assertThat(EngineMessage.of("Connection refused")).isEqualTo("Connection refused");
    }

    @Test
    void anExitOfMoreThan128IsASignal() {
        JobStatus running =
                JobStatus.starting(JobId.random("host"), Instant.EPOCH).running("10.1.2.3", Instant.EPOCH);

        assertThat(ended(137).applyTo(running, Instant.EPOCH).signal()).isEqualTo(OptionalInt.of(9));
        for (int status : new int[] {0, 1, 127, 128, 193, 255}) {
            assertThat(ended(status).applyTo(running, Instant.EPOCH).exitStatus())
                    .isEqualTo(OptionalInt.of(status));
        }
    }

    @Test
    void whatAnEngineSaysOfAContainerItDidNotSeeEndIsNoExitStatus() {
        Instant boot = Instant.parse("2026-01-01T00:00:10Z");
        var lost = new ExitState(255, false, boot.minusSeconds(5), boot.plusSeconds(5));

        assertThat(lost.unknown(true, boot)).contains("the host was restarted");
        assertThat(lost.unknown(false, Instant.EPOCH))
                .hasValueSatisfying(reason -> assertThat(reason).contains("does not know how"));
        assertThat(lost.unknown(true, Instant.EPOCH)).isEmpty();
        assertThat(ended(254).unknown(false, boot)).isEmpty();
    }

    private static ExitState ended(int status) {
        return new ExitState(status, false, Instant.EPOCH, Instant.EPOCH);
    }

    @Test
    void onlyTheEnginesInitSaysThatThereIsNoProgram() {
        String said = "[FATAL tini (7)] exec /no/such failed: No such file or directory\n";

        assertThat(ended(127).noProgram(said)).contains("cannot run /no/such: No such file or directory");
        assertThat(ended(126).noProgram(said)).isEmpty();
        assertThat(ended(127).noProgram("sh: x: not found\n")).isEmpty();
        assertThat(ended(1).noProgram("ERROR (catatonit:2): failed to exec pid1: Permission denied\n"))
                .contains("cannot run the job's program: Permission denied");
        assertThat(ended(1).noProgram("ERROR: mine\n")).isEmpty();
        assertThat(CommandRun.result(126, "OCI runtime exec failed: exec failed: no such file or directory\r\n"))
                .isEqualTo(ExecResult.ended(127, "cannot run no such file or directory"));
        assertThat(CommandRun.result(126, "mine\n")).isEqualTo(ExecResult.ended(126, "mine\n"));
    }
}
