package dev.flynn.distro.backends;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.api.release.Artifact;
import dev.flynn.host.api.HostImages;
import dev.flynn.images.ImageStore;
import dev.flynn.images.PullListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/** The images of this host, as its API shows them. */
final class ImagesForApi implements HostImages {

    private final ImageStore store;

    ImagesForApi(ImageStore store) {
        this.store = store;
    }

    @Override
    public List<Image> list() {
        try {
            return store.usage().images().stream()
                    .map(image -> new Image(
                            image.id(),
                            image.names(),
                            image.bytes(),
                            image.lastUsed(),
                            image.holders().stream().map(JobId::value).sorted().toList()))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot list the images of this host", e);
        }
    }

    @Override
    public String pull(String uri, Progress progress) throws IOException {
        return store.pull(new JobSpec.Image(Artifact.DOCKER, uri), new PullListener() {
            @Override
            public void progress(String image, String layer, long done, long total) {
                if (done < total) {
                    progress.onBytes(layer, done, total);
                }
            }

            @Override
            public void ready(String image, String layer, boolean fetched) {
                progress.onLayer(layer, fetched);
            }
        });
    }

    @Override
    public long remove(String name) throws IOException {
        return store.remove(name);
    }
}
