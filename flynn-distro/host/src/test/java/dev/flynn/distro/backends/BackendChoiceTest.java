package dev.flynn.distro.backends;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Closer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackendChoiceTest {

    private static final List<String> ALL = List.of("oci", "docker", "process");

    private final List<String> closed = new ArrayList<>();
    private final Closer closer = new Closer();

    @Test
    void theFirstThatOpensIsTaken() {
        var chosen = choice(Map.of(), Map.of()).first(ALL);

        assertThat(chosen.backend()).isEqualTo("oci opened");
        assertThat(chosen.reason()).isEqualTo("the best that this machine has");
    }

    @Test
    void whyTheOthersAreNotTakenIsTold() {
        var chosen = choice(Map.of("oci", "the oci backend lacks runc"), Map.of("docker", "no engine answers"))
                .first(ALL);

        assertThat(chosen.backend()).isEqualTo("process opened");
        assertThat(chosen.reason()).isEqualTo("the oci backend lacks runc; docker: no engine answers");
    }

    @Test
    void whatOneThatFailedHadOpenedIsClosedAtOnceAndTheRestInTheEnd() {
        var unused = choice(Map.of(), Map.of("oci", "no bridge")).first(ALL);
        assertThat(closed).containsExactly("network of oci");

        closer.close();

        assertThat(closed).containsExactly("network of oci", "network of docker");
    }

    @Test
    void ifNoneOpensEachSaysWhy() {
        assertThatThrownBy(() -> choice(Map.of(), Map.of("oci", "no bridge")).first(List.of("oci")))
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("oci: no bridge");
    }

    @Test
    void aHostRemembersWhatItHadLast(@TempDir Path root) {
        assertThat(LastBackend.read(root)).isEmpty();

        LastBackend.write(root, "oci");
        LastBackend.write(root, "docker");
        LastBackend.write(root, "docker");

        assertThat(LastBackend.read(root)).contains("docker");
    }

    /** Each opens a network first. */
    private BackendChoice<String> choice(Map<String, String> lacking, Map<String, String> failing) {
        return new BackendChoice<>(
                new BackendChoice.Opening<String>() {
                    @Override
                    public Optional<String> lacking(String name) {
                        return Optional.ofNullable(lacking.get(name));
                    }

                    @Override
                    public String open(String name, Closer into) throws IOException {
                        AutoCloseable network = () -> closed.add("network of " + name);
                        var unused = into.register(network);
                        if (failing.containsKey(name)) {
                            throw new IOException(failing.get(name));
                        }
                        return name + " opened";
                    }
                },
                closer);
    }
}
