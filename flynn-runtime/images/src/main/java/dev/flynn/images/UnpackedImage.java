package dev.flynn.images;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.List;

/**
 * An image that is ready to be run.
 *
 * @param layers directories for overlayfs' {@code lowerdir}, topmost first; shared with other jobs, never to be written to
 */
public record UnpackedImage(List<Path> layers, ImageConfig config) {

    public UnpackedImage {
        layers = List.copyOf(layers);
        requireNonNull(config, "config");
    }
}
