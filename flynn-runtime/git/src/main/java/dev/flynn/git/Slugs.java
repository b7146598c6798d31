package dev.flynn.git;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import java.io.IOException;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What builds leave in the blobstore. Each URL that is given away is good for one thing with one object. */
final class Slugs {

    private static final Logger log = LoggerFactory.getLogger(Slugs.class);

    private final Blobs blobs;

    Slugs(Blobs blobs) {
        this.blobs = blobs;
    }

    /** The path of a slug that is to be built. */
    static String fresh() {
        return "/" + UUID.randomUUID() + ".tgz";
    }

    /** The path of what an app's builds keep for the next one. */
    static String cacheOf(AppId app) {
        return "/" + app + "-cache.tgz";
    }

    /** The address that releases name, which is the same wherever the blobstore runs. */
    static String lastingUrl(String path) {
        return "http://blobstore.discoverd" + path;
    }

    /** Where the object is now, for this method only. */
    String signedUrl(String method, String path) {
        return blobs.signedUrl(method, path);
    }

    boolean exists(String path) {
        try {
            return blobs.exists(path);
        } catch (IOException e) {
            throw FlynnException.unavailable("the blobstore cannot be asked for the slug; push again", e);
        }
    }

    /** A slug that cannot be deleted costs space and nothing else. */
    void delete(String path) {
        try {
            blobs.delete(path);
        } catch (IOException | FlynnException e) {
            log.atWarn().addKeyValue("slug", path).setCause(e).log("cannot delete a slug");
        }
    }
}
