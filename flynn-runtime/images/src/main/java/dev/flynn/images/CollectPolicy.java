package dev.flynn.images;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What may be deleted of the images that no job holds.
 *
 * @param retention those that were used within it stay, unless the two others want more
 * @param maxBytes of all images, zero is no limit
 * @param neededBytes what should be freed in any case, least recently used first
 */
public record CollectPolicy(Duration retention, long maxBytes, long neededBytes) {

    /** Everything that no job holds. */
    public static final CollectPolicy ALL = new CollectPolicy(Duration.ZERO, 0, Long.MAX_VALUE);

    public CollectPolicy {
        requireNonNull(retention, "retention");
    }

    /** An image that is there. */
    record Candidate(Digest id, Set<Digest> layers, Instant lastUsed, boolean held) {}

    /** The size of a layer. */
    @FunctionalInterface
    interface Sizes {

        long of(Digest layer);
    }

    /** Those that go, in this order. A layer goes with the last of the images that have it. */
    List<Digest> choose(List<Candidate> images, Sizes sizes, Instant now) {
        List<Candidate> there = new ArrayList<>(images);
        long total = bytes(layersOf(there), sizes);
        long freed = 0;
        List<Digest> chosen = new ArrayList<>();
        for (Candidate image : images.stream()
                .filter(image -> !image.held())
                .sorted(Comparator.comparing(Candidate::lastUsed))
                .toList()) {
            boolean old = image.lastUsed().isBefore(now.minus(retention));
            boolean tooMuch = maxBytes > 0 && total > maxBytes;
            if (old || tooMuch || freed < neededBytes) {
                there.remove(image);
                Set<Digest> own = new HashSet<>(image.layers());
                own.removeAll(layersOf(there));
                long bytes = bytes(own, sizes);
                total -= bytes;
                freed += bytes;
                chosen.add(image.id());
            }
        }
        return chosen;
    }

    private static Set<Digest> layersOf(List<Candidate> images) {
        Set<Digest> layers = new HashSet<>();
        images.forEach(image -> layers.addAll(image.layers()));
        return layers;
    }

    private static long bytes(Set<Digest> layers, Sizes sizes) {
        return layers.stream().mapToLong(sizes::of).sum();
    }
}
