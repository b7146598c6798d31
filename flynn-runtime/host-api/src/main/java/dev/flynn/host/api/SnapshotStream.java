package dev.flynn.host.api;

import java.io.IOException;
import java.io.InputStream;

/** A snapshot that a host sends. */
final class SnapshotStream implements AutoCloseable {

    private final HostHttp http;
    private final InputStream in;

    SnapshotStream(HostHttp http) throws IOException {
        this.http = http;
        this.in = http.stream();
    }

    /** Ends only once all of it came, and fails if it did not. */
    InputStream in() {
        return in;
    }

    @Override
    public void close() {
        http.close();
    }
}
