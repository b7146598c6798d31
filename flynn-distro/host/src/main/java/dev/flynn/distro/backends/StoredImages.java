package dev.flynn.distro.backends;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.base.NamedThreads;
import dev.flynn.containers.oci.ContainerImages;
import dev.flynn.images.ImageStore;
import dev.flynn.images.PullListener;
import dev.flynn.images.UnpackedImage;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The images of this host, as containers take them. */
final class StoredImages implements ContainerImages {

    private static final Logger log = LoggerFactory.getLogger(StoredImages.class);

    private final ImageStore store;

    StoredImages(ImageStore store) {
        this.store = store;
    }

    @Override
    public ContainerImage open(JobSpec.Image image, JobId holder) throws IOException {
        UnpackedImage unpacked = store.open(image, holder);
        return new ContainerImage(
                unpacked.layers(),
                unpacked.config().entrypoint(),
                unpacked.config().cmd(),
                unpacked.config().env(),
                unpacked.config().workingDirectory(),
                unpacked.config().user());
    }

    @Override
    public void release(JobId holder) {
        store.release(holder);
    }

    /** So that the first job that needs it does not wait for it. Ends with the store. */
    static void fetchAhead(ImageStore store, JobSpec.Image image) {
        var thread = new NamedThreads("images-ahead").newThread(() -> {
            try {
                store.pull(image, PullListener.NONE);
                log.atInfo().addKeyValue("image", image.uri()).log("the stack is here");
            } catch (IOException | RuntimeException e) {
                log.atWarn()
                        .addKeyValue("image", image.uri())
                        .addKeyValue("reason", e.getMessage())
                        .log("the stack cannot be had; jobs of apps fail until it can");
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    /** Closes the store; that it cannot be closed in order hinders nobody. */
    static void closeQuietly(ImageStore store) {
        try {
            store.close();
        } catch (IOException e) {
            log.atWarn().setCause(e).log("the image store was not closed in order");
        }
    }
}
