package dev.flynn.images;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;

/** Opens archives of images by URL. The host gives one that knows the names of services and the key of the blobstore. */
@FunctionalInterface
public interface ArchiveOpener {

    /** Plain requests, to addresses that the machine resolves. */
    ArchiveOpener HTTP = url -> {
        var connection = (HttpURLConnection) url.toURL().openConnection();
        connection.setConnectTimeout(5_000);
        connection.setReadTimeout(60_000);
        if (connection.getResponseCode() != 200) {
            throw new IOException("cannot fetch the image %s: status %d".formatted(url, connection.getResponseCode()));
        }
        return bodyOf(connection);
    };

    /** What a server answers with: reading it fails if it ends before its length. */
    static InputStream bodyOf(HttpURLConnection connection) throws IOException {
        return new WholeInputStream(connection.getInputStream(), connection.getContentLengthLong());
    }

    /** @param url of http or https */
    InputStream open(URI url) throws IOException;
}
