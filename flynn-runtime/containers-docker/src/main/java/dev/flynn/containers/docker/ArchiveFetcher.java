package dev.flynn.containers.docker;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;

/** Opens archives of images by URL. The host gives one that knows the names of services and the key of the blobstore. */
@FunctionalInterface
public interface ArchiveFetcher {

    /** Plain requests, to addresses that the machine resolves. */
    ArchiveFetcher HTTP = url -> {
        var connection = (HttpURLConnection) url.toURL().openConnection();
        connection.setConnectTimeout(5_000);
        connection.setReadTimeout(60_000);
        if (connection.getResponseCode() != 200) {
            throw new IOException("status %d".formatted(connection.getResponseCode()));
        }
        return connection.getInputStream();
    };

    /** @param url of http or https */
    InputStream open(URI url) throws IOException;
}
