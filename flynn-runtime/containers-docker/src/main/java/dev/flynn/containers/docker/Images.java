package dev.flynn.containers.docker;

import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.LoadResponseItem;
import com.github.dockerjava.api.model.PullResponseItem;
import dev.flynn.api.host.JobSpec;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Finds the engine's image for the image of a job, and brings it there if need be. Thread-safe. */
final class Images {

    private static final Pattern LOADED = Pattern.compile("Loaded image(?: ID)?: (\\S+)");

    private final Engine engine;
    private final ArchiveFetcher fetcher;
    private final Map<String, Object> locks = new ConcurrentHashMap<>();
    private final Map<String, String> archives = new ConcurrentHashMap<>();

    Images(Engine engine, ArchiveFetcher fetcher) {
        this.engine = engine;
        this.fetcher = fetcher;
    }

    /**
     * The name or id under which the engine has the image.
     *
     * @param progress told now and then what is going on
     * @throws IOException with a message for people
     */
    String resolve(JobSpec.Image image, Consumer<String> progress) throws IOException, InterruptedException {
        ImageSource source = ImageSource.of(image.uri());
        synchronized (locks.computeIfAbsent(image.uri(), uri -> new Object())) {
            if (source instanceof ImageSource.Archive archive) {
                return load(archive.path(), progress);
            }
            if (source instanceof ImageSource.Fetched fetched) {
                return fetch(fetched.url(), progress);
            }
            String name = ((ImageSource.Named) source).name();
            if (!isThere(name)) {
                pull(name, progress);
            }
            return name;
        }
    }

    private boolean isThere(String name) {
        try {
            engine.tell(client -> client.inspectImageCmd(name).exec());
            return true;
        } catch (NotFoundException absent) {
            return false;
        }
    }

    private void pull(String name, Consumer<String> progress) throws IOException, InterruptedException {
        progress.accept("pulling " + name);
        var callback = new ResultCallback.Adapter<PullResponseItem>() {
            private @Nullable String problem;
            private @Nullable String told;

            @Override
            public void onNext(PullResponseItem item) {
                if (item.getErrorDetail() != null) {
                    problem = item.getErrorDetail().getMessage();
                }
                String status = item.getStatus();
                if (status != null && item.getProgressDetail() == null && !status.equals(told)) {
                    told = status;
                    progress.accept(status);
                }
            }
        };
        try {
            engine.tell(client -> client.pullImageCmd(name).exec(callback));
            callback.awaitCompletion();
        } catch (DockerException e) {
            throw new IOException("cannot pull image " + name + ": " + Engine.reason(e), e);
        }
        if (callback.problem != null) {
            throw new IOException("cannot pull image " + name + ": " + callback.problem);
        }
        if (!isThere(name)) {
            throw new IOException("cannot pull image " + name + ": the engine does not have it after all");
        }
    }

    private String load(Path archive, Consumer<String> progress) throws IOException, InterruptedException {
        if (!Files.isReadable(archive)) {
            throw new IOException("there is no archive of an image at " + archive);
        }
        String version = archive + " " + Files.size(archive) + " " + Files.getLastModifiedTime(archive);
        String known = archives.get(version);
        if (known != null && isThere(known)) {
            return known;
        }
        try (InputStream bytes = Files.newInputStream(archive)) {
            return load(archive.toString(), version, bytes, progress);
        }
    }

    /** A URL always means the same archive. */
    private String fetch(URI url, Consumer<String> progress) throws IOException, InterruptedException {
        String known = archives.get(url.toString());
        if (known != null && isThere(known)) {
            return known;
        }
        try (InputStream bytes = fetcher.open(url)) {
            return load(url.toString(), url.toString(), bytes, progress);
        } catch (IOException e) {
            throw new IOException("cannot fetch image " + url + ": " + e.getMessage(), e);
        }
    }

    private String load(String archive, String version, InputStream bytes, Consumer<String> progress)
            throws IOException, InterruptedException {
        progress.accept("loading " + archive);
        var answer = new StringBuffer();
        try {
            var callback = new ResultCallback.Adapter<LoadResponseItem>() {
                @Override
                public void onNext(LoadResponseItem item) {
                    if (item.getErrorDetail() != null) {
                        answer.append(item.getErrorDetail().getMessage());
                    } else if (item.getStream() != null) {
                        answer.append(item.getStream());
                    }
                }
            };
            engine.tell(client -> client.loadImageAsyncCmd(bytes).exec(callback));
            callback.awaitCompletion();
        } catch (DockerException e) {
            throw new IOException("cannot load image " + archive + ": " + Engine.reason(e), e);
        }
        Matcher loaded = LOADED.matcher(answer);
        if (!loaded.find()) {
            throw new IOException(
                    "cannot load image " + archive + ": " + answer.toString().strip());
        }
        archives.put(version, loaded.group(1));
        return loaded.group(1);
    }
}
