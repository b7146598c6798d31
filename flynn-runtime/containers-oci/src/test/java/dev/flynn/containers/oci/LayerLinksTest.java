package dev.flynn.containers.oci;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LayerLinksTest {

    @TempDir
    Path directory;

    @Test
    void fewLayersKeepTheirNames() throws IOException {
        var links = new LayerLinks(directory.resolve("l"));

        assertThat(links.shortened(List.of(Path.of("/one"), Path.of("/two"))))
                .containsExactly(Path.of("/one"), Path.of("/two"));
    }

    @Test
    void manyLayersHaveShortNames() throws IOException {
        List<Path> layers = IntStream.range(0, 127)
                .mapToObj(i -> directory.resolve("layers").resolve("x".repeat(64) + i))
                .toList();
        var links = new LayerLinks(directory.resolve("l"));

        List<Path> shortened = links.shortened(layers);

        assertThat(shortened).hasSize(127).doesNotHaveDuplicates();
        assertThat(Files.readSymbolicLink(shortened.get(126))).isEqualTo(layers.get(126));
        assertThat(Overlay.lower(shortened))
                .hasSizeLessThan(127 * (directory.toString().length() + 7));
        assertThat(links.shortened(layers)).isEqualTo(shortened);
    }
}
