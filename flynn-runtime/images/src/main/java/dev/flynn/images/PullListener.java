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

    /**
     * A layer is there; after this nothing is told of it any more.
     *
     * @param fetched whether it was fetched now; else it was there before
     */
    default void ready(String image, String layer, boolean fetched) {}
}
