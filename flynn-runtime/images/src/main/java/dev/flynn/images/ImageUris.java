package dev.flynn.images;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;

/** Which URIs mean images. Apart from the store, since looking at a URI opens no log. */
public final class ImageUris {

    private ImageUris() {}

    /**
     * Refuses what is not the image of a container, without looking for it.
     *
     * @throws FlynnException {@code VALIDATION}, saying what is wrong with its type or its URI
     */
    public static void check(JobSpec.Image image) {
        ImageReference.parse(image);
    }
}
