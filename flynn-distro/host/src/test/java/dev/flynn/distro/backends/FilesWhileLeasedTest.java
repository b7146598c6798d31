package dev.flynn.distro.backends;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.container.JobFiles;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class FilesWhileLeasedTest {

    private static final String GIVEN_BACK = "the subnet 100.100.7.0/24 is not this host's any more";

    private final AtomicReference<Optional<String>> refusal = new AtomicReference<>(Optional.empty());
    private final JobFiles files = new FilesWhileLeased(JobFiles.NONE, refusal::get);
    private final JobSpec spec =
            JobSpec.ofCommand(JobId.random("host1"), new JobSpec.Image("host", "host:slugrunner"), List.of("true"));

    @Test
    void aJobGetsItsFilesAsLongAsItMayHaveAnAddress() throws IOException {
        assertThat(files.open(spec)).isEmpty();

        refusal.set(Optional.of(GIVEN_BACK));

        assertThatThrownBy(() -> files.open(spec))
                .isInstanceOf(IOException.class)
                .hasMessage(GIVEN_BACK);
    }

    @Test
    void aJobInTheNetworkOfItsHostNeedsNoAddress() throws IOException {
        refusal.set(Optional.of(GIVEN_BACK));

        assertThat(files.open(spec.toBuilder().hostNetwork(true).build())).isEmpty();
    }
}
