package dev.flynn.blobstore;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.host.Host;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.blob.BlobStore.BlobInfo;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.state.ClusterState;
import dev.flynn.state.HostPresence;
import dev.flynn.state.Versioned;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The other hosts' {@link CopyHandler}s, found by discovery; whoever asks has the cluster's key. */
final class HttpPeers implements Peers {

    /** The service in which blobstores are registered. */
    static final String SERVICE = "blobstore";

    private static final Logger log = LoggerFactory.getLogger(HttpPeers.class);
    private static final String JOB_ID = "FLYNN_JOB_ID";
    private static final int CONNECT_MILLIS = 3_000;
    private static final int SILENCE_MILLIS = 30_000;

    private final String self;
    private final ClusterState state;
    private final Discovery discovery;
    private final String authorization;

    HttpPeers(String self, ClusterState state, Discovery discovery, String clusterKey) {
        this.self = self;
        this.state = state;
        this.discovery = discovery;
        this.authorization =
                "Basic " + Base64.getEncoder().encodeToString((":" + clusterKey).getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public Members members() {
        Set<String> hosts = new HashSet<>();
        discovery
                .instances(HostPresence.SERVICE)
                .forEach(host -> HostPresence.hostId(host).ifPresent(hosts::add));
        state.hosts().list().stream()
                .map(Versioned::value)
                .filter(Host::draining)
                .forEach(host -> hosts.remove(host.id()));
        return new Members(self, hosts, addresses());
    }

    private Map<String, String> addresses() {
        Map<String, String> addresses = new HashMap<>();
        for (Instance instance : discovery.instances(SERVICE)) {
            String job = instance.meta().get(JOB_ID);
            if (job != null) {
                // while a host's blobstore is replaced, the younger one counts
                addresses.put(new JobId(job).hostId(), instance.addr());
            }
        }
        addresses.remove(self);
        return addresses;
    }

    private HttpURLConnection connect(String host, String method, String version) throws IOException {
        String address = addresses().get(host);
        if (address == null) {
            throw new IOException("the blobstore of host %s does not run now".formatted(host));
        }
        var url = URI.create("http://" + address + CopyHandler.PATH + version).toURL();
        var connection = (HttpURLConnection) url.openConnection();
        connection.setRequestMethod(method);
        connection.setConnectTimeout(CONNECT_MILLIS);
        connection.setReadTimeout(SILENCE_MILLIS);
        connection.setRequestProperty("Authorization", authorization);
        return connection;
    }

    @Override
    public void send(String host, String version, BlobInfo info, InputStream content) throws IOException {
        HttpURLConnection connection = connect(host, "PUT", version);
        connection.setDoOutput(true);
        connection.setFixedLengthStreamingMode(info.size());
        connection.setRequestProperty("Content-Type", info.contentType());
        connection.setRequestProperty(CopyHandler.ETAG, info.etag());
        try {
            try (OutputStream out = connection.getOutputStream()) {
                content.transferTo(out);
            }
            requireOk(connection, host);
        } catch (IOException e) {
            connection.disconnect();
            throw e;
        }
    }

    @Override
    public Optional<InputStream> open(String host, String version, long offset) throws IOException {
        HttpURLConnection connection = connect(host, "GET", version);
        connection.setRequestProperty(CopyHandler.OFFSET, String.valueOf(offset));
        if (connection.getResponseCode() == HttpURLConnection.HTTP_NOT_FOUND) {
            return Optional.empty();
        }
        requireOk(connection, host);
        long length = connection.getContentLengthLong();
        return Optional.of(new Upload(new Body(connection), length, () -> {}));
    }

    @Override
    public void discard(String host, String version) {
        try {
            requireOk(connect(host, "DELETE", version), host);
        } catch (IOException | RuntimeException e) {
            log.atInfo()
                    .addKeyValue("host", host)
                    .addKeyValue("version", version)
                    .setCause(e)
                    .log("a copy that nobody needs stays for a while");
        }
    }

    private static void requireOk(HttpURLConnection connection, String host) throws IOException {
        int status = connection.getResponseCode();
        if (status == 200) {
            return;
        }
        String text = "";
        try (InputStream body = connection.getErrorStream()) {
            if (body != null) {
                text = ": " + new String(body.readNBytes(1000), StandardCharsets.UTF_8).strip();
            }
        }
        throw new IOException("host %s answered %d%s".formatted(host, status, text));
    }

    /** Closing it hangs up: what is left of a large copy is not wanted. */
    private static final class Body extends FilterInputStream {
        private final HttpURLConnection connection;

        Body(HttpURLConnection connection) throws IOException {
            super(connection.getInputStream());
            this.connection = connection;
        }

        @Override
        public void close() {
            connection.disconnect();
        }
    }
}
