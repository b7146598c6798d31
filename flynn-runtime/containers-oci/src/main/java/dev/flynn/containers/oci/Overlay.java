package dev.flynn.containers.oci;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** The options of overlayfs, in which some characters have a meaning. */
final class Overlay {

    private Overlay() {}

    static String lower(List<Path> layers) {
        return layers.stream().map(layer -> escaped(layer).replace(":", "\\:")).collect(Collectors.joining(":"));
    }

    /** A comma would end the option. */
    static String escaped(Path path) {
        return path.toString().replace("\\", "\\\\").replace(",", "\\,");
    }
}
