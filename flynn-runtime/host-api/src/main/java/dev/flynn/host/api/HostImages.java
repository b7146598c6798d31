package dev.flynn.host.api;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.time.Instant;
import java.util.List;

/** The images that a host has for its jobs. Thread-safe. */
public interface HostImages {

    /**
     * An image that is here.
     *
     * @param id the digest of its configuration
     * @param names the URIs that led to it
     * @param bytes of its layers, those included that other images have too
     * @param jobs that need it
     */
    record Image(String id, List<String> names, long bytes, Instant lastUsed, List<String> jobs) {

        public Image {
            names = List.copyOf(names);
            jobs = List.copyOf(jobs);
        }
    }

    /** Is told how far a pull is, by the thread that pulls. */
    interface Progress {

        void onBytes(String layer, long done, long total);

        /** @param fetched whether it was fetched now; else it was there before */
        void onLayer(String layer, boolean fetched);
    }

    /** The one that was used last comes first. */
    List<Image> list();

    /**
     * Fetches an image unless it is here; blocks until it is there, and ends when the thread is interrupted.
     *
     * @return its id
     * @throws IOException with a message for people
     * @throws FlynnException {@code VALIDATION} if the URI means no image
     */
    String pull(String uri, Progress progress) throws IOException;

    /**
     * Deletes an image that no job needs.
     *
     * @param name a URI, or the id
     * @return the bytes that were freed
     * @throws FlynnException {@code OBJECT_NOT_FOUND} if there is none, {@code CONFLICT} if jobs need it
     */
    long remove(String name) throws IOException;

    /** Of a host that keeps none; each call is refused. */
    static HostImages none(String why) {
        requireNonNull(why, "why");
        return new HostImages() {

            private FlynnException refused() {
                return new FlynnException(dev.flynn.api.error.ErrorCode.UNSUPPORTED, why);
            }

            @Override
            public List<Image> list() {
                throw refused();
            }

            @Override
            public String pull(String uri, Progress progress) {
                throw refused();
            }

            @Override
            public long remove(String name) {
                throw refused();
            }
        };
    }
}
