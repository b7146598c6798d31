package dev.flynn.blobstore;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.glassfish.grizzly.http.server.Response;

/** Answers for people. */
final class Texts {

    static final int INSUFFICIENT_STORAGE = 507;

    private Texts() {}

    static void answer(Response response, int status, String message) throws IOException {
        response.setStatus(status);
        response.setContentType("text/plain; charset=utf-8");
        OutputStream out = response.getOutputStream();
        out.write((message + "\n").getBytes(StandardCharsets.UTF_8));
        out.flush();
    }
}
