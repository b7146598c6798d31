package dev.flynn.host.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The images of the host, and which ones a pull asks for. */
final class ImageEndpoints {

    /** The path of pulls, whose progress is a {@link PullStream stream}. */
    static final List<String> PULL = List.of("host", "pull", "images");

    private static final String HISTORIC =
            "images are not described by TUF metadata here: send {\"images\":[\"docker://<registry>/<repository>:<tag>\"]},"
                    + " or run 'flynn-host image pull'";

    private final HostImages images;
    private final FlynnJson json;

    ImageEndpoints(HostImages images, FlynnJson json) {
        this.images = images;
        this.json = json;
    }

    private record ImageForm(
            String id,
            List<String> names,
            @JsonInclude(JsonInclude.Include.ALWAYS) long size,
            Instant lastUsed,
            @JsonInclude(JsonInclude.Include.ALWAYS) List<String> jobs) {}

    private record RemovedForm(
            @JsonInclude(JsonInclude.Include.ALWAYS) long freed) {}

    /** @param path that begins with {@code host/images} */
    Answer answer(String method, List<String> path) {
        if (path.size() == 2 && method.equals("GET")) {
            return Answer.json(json.writeBytes(images.list().stream()
                    .map(image ->
                            new ImageForm(image.id(), image.names(), image.bytes(), image.lastUsed(), image.jobs()))
                    .toList()));
        }
        if (path.size() == 3 && method.equals("DELETE")) {
            try {
                return Answer.json(json.writeBytes(new RemovedForm(images.remove(path.get(2)))));
            } catch (IOException e) {
                throw FlynnException.internal("cannot delete the image %s: %s".formatted(path.get(2), e), e);
            }
        }
        return Answer.notFound();
    }

    HostImages images() {
        return images;
    }

    private record PullBody(@Nullable List<String> images) {}

    /**
     * The URIs of a request to pull.
     *
     * @throws FlynnException {@code UNSUPPORTED} for the historic form, whose body is a TUF database
     */
    List<String> wanted(Map<String, String> query, byte[] body) {
        if (query.containsKey("repository")) {
            throw new FlynnException(ErrorCode.UNSUPPORTED, HISTORIC);
        }
        List<String> wanted = Requests.read(json, body, PullBody.class).images();
        if (wanted == null || wanted.isEmpty()) {
            throw FlynnException.invalidField("images", "must be a list of URIs that is not empty");
        }
        return wanted;
    }
}
