package dev.flynn.git;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.BlobSignature;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The blobstore as gitreceive uses it. Thread-safe; every failure is a {@link FlynnException} or an {@link IOException}. */
final class Blobs {

    private static final int CONNECT_MILLIS = 10_000;
    private static final int SILENCE_MILLIS = 60_000;
    private static final int CHUNK_BYTES = 64 * 1024;
    private static final int MAX_REASON_BYTES = 1000;

    private static final int OK = 200;
    private static final int NOT_MODIFIED = 304;
    private static final int NOT_FOUND = 404;
    private static final int PRECONDITION_FAILED = 412;

    private final ClusterServices services;
    private final BlobSignature signature;

    Blobs(ClusterServices services, BlobSignature signature) {
        this.services = services;
        this.signature = signature;
    }

    /** A URL that is good for one method on one object, for as long as this instance of the blobstore runs. */
    String signedUrl(String method, String path) {
        return services.url("blobstore") + path + "?" + BlobSignature.PARAMETER + "=" + signature.sign(method, path);
    }

    boolean exists(String path) throws IOException {
        HttpURLConnection connection = connect("HEAD", path);
        try {
            return found(connection, path);
        } finally {
            connection.disconnect();
        }
    }

    void delete(String path) throws IOException {
        HttpURLConnection connection = connect("DELETE", path);
        try {
            require(connection, path);
        } finally {
            connection.disconnect();
        }
    }

    /** An object in one of its versions. */
    record Version(String etag, InputStream content) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            content.close();
        }
    }

    /** What there is of an object. */
    enum Presence {
        ABSENT,
        UNCHANGED,
        CHANGED
    }

    /** Reads what {@link #get} found. */
    @FunctionalInterface
    interface Reader {
        void read(Version version) throws IOException;
    }

    /**
     * Reads an object unless it is known.
     *
     * @param known the version that need not be read; null if none is known
     */
    Presence get(String path, @Nullable String known, Reader reader) throws IOException {
        HttpURLConnection connection = connect("GET", path);
        if (known != null) {
            connection.setRequestProperty("If-None-Match", known);
        }
        try {
            if (connection.getResponseCode() == NOT_MODIFIED) {
                return Presence.UNCHANGED;
            }
            if (!found(connection, path)) {
                return Presence.ABSENT;
            }
            try (var version = new Version(etag(connection), connection.getInputStream())) {
                reader.read(version);
            }
            return Presence.CHANGED;
        } finally {
            connection.disconnect();
        }
    }

    /** Writes an object's bytes. */
    @FunctionalInterface
    interface Writer {
        void write(OutputStream out) throws IOException;
    }

    /**
     * Replaces one version of an object by another.
     *
     * @param replaced the version to be replaced; null if there must be none
     * @return the etag of the new version; empty if the object has another version than the one to be replaced
     */
    Optional<String> replace(String path, @Nullable String replaced, String contentType, Writer writer)
            throws IOException {
        HttpURLConnection connection = connect("PUT", path);
        connection.setRequestProperty(
                replaced == null ? "If-None-Match" : "If-Match", replaced == null ? "*" : replaced);
        connection.setRequestProperty("Content-Type", contentType);
        connection.setDoOutput(true);
        connection.setChunkedStreamingMode(CHUNK_BYTES);
        try {
            try (OutputStream out = connection.getOutputStream()) {
                writer.write(out);
            }
            if (connection.getResponseCode() == PRECONDITION_FAILED) {
                return Optional.empty();
            }
            require(connection, path);
            return Optional.of(etag(connection));
        } finally {
            connection.disconnect();
        }
    }

    private HttpURLConnection connect(String method, String path) throws IOException {
        var connection =
                (HttpURLConnection) URI.create(signedUrl(method, path)).toURL().openConnection();
        connection.setRequestMethod(method);
        connection.setConnectTimeout(CONNECT_MILLIS);
        connection.setReadTimeout(SILENCE_MILLIS);
        return connection;
    }

    private static boolean found(HttpURLConnection connection, String path) throws IOException {
        if (connection.getResponseCode() == NOT_FOUND) {
            return false;
        }
        require(connection, path);
        return true;
    }

    private static void require(HttpURLConnection connection, String path) throws IOException {
        int status = connection.getResponseCode();
        if (status != OK) {
            throw new FlynnException(
                    ErrorCode.SERVICE_UNAVAILABLE,
                    "the blobstore answered %d to %s %s%s"
                            .formatted(status, connection.getRequestMethod(), path, reason(connection)));
        }
    }

    private static String reason(HttpURLConnection connection) throws IOException {
        try (InputStream body = connection.getErrorStream()) {
            String text =
                    body == null ? "" : new String(body.readNBytes(MAX_REASON_BYTES), StandardCharsets.UTF_8).strip();
            return text.isEmpty() ? "" : ": " + text;
        }
    }

    private static String etag(HttpURLConnection connection) throws IOException {
        String etag = connection.getHeaderField("Etag");
        if (etag == null) {
            throw new IOException(
                    "the blobstore named no version of " + connection.getURL().getPath());
        }
        return etag;
    }
}
