package dev.flynn.controller.http;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Reads server-sent events line by line. */
final class TestStream implements AutoCloseable {

    private final HttpResponse<InputStream> response;
    private final BufferedReader lines;

    TestStream(HttpResponse<InputStream> response) {
        this.response = response;
        this.lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
    }

    int status() {
        return response.statusCode();
    }

    String header(String name) {
        return response.headers().firstValue(name).orElse("");
    }

    /** The lines of the next item, as they are. */
    List<String> next() throws IOException {
        List<String> item = new ArrayList<>();
        for (String line = lines.readLine(); line != null && !line.isEmpty(); line = lines.readLine()) {
            item.add(line);
        }
        return item;
    }

    /** The JSON of the next item. */
    String data() throws IOException {
        List<String> item = next();
        if (item.size() != 1 || !item.get(0).startsWith("data: ")) {
            throw new AssertionError("expected an item, got " + item);
        }
        return item.get(0).substring("data: ".length());
    }

    /** The next line; null at the end. */
    String line() throws IOException {
        return String.valueOf(lines.readLine());
    }

    @Override
    public void close() throws IOException {
        response.body().close();
    }
}
