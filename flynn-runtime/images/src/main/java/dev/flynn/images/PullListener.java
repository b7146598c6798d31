package dev.flynn.images;

/** Is told how far the fetching of an image is. Called by the thread that fetches; it should return quickly. */
@FunctionalInterface
public interface PullListener {

    /** Tells nobody. */
    PullListener NONE = (image, layer, done, total) -> {};

    /**
     * @param image its URI
     * @param layer the digest of the layer
     * @param done bytes so far; equal to {@code total} once the layer is there, which is said exactly once
     * @param total bytes of the layer as it is fetched
     */
    void progress(String image, String layer, long done, long total);
}
