package dev.flynn.blobstore;

import dev.flynn.base.BlobSignature;
import dev.flynn.base.DiskReserve;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.state.ClusterState;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.glassfish.grizzly.http.server.HttpServer;
import org.glassfish.grizzly.http.server.NetworkListener;

/** The blobstore of one host: its copies, what it serves to everybody, and what it does for the others. */
final class BlobNode implements AutoCloseable {

    private final ReplicatedBlobStore blobs;
    private final Repair repair;
    private final HttpServer server = new HttpServer();
    private final ExecutorService threads;

    /** Where it answers, and to whom. */
    record Settings(String hostId, String listenIp, int port, String clusterKey, long reserveBytes) {}

    BlobNode(Path directory, ClusterState state, Discovery discovery, Settings settings, Repair.Pace pace)
            throws IOException {
        var copies = new Copies(new FileBlobStore(directory, state.clock()));
        var table = new BlobTable(state);
        var peers = new HttpPeers(settings.hostId(), state, discovery, settings.clusterKey());
        var reserve = new DiskReserve(directory, settings.reserveBytes());
        var who = new KeyHolders(settings.clusterKey());
        this.threads = java.util.concurrent.Executors.newCachedThreadPool(new NamedThreads("blobs"));
        this.repair = new Repair(table, copies, peers, reserve, pace, System::nanoTime, this::adopt);
        this.blobs = new ReplicatedBlobStore(table, copies, peers, repair::missing);
        server.addListener(new NetworkListener("blobstore", settings.listenIp(), settings.port()));
        var handler = new BlobHandler(
                blobs,
                who,
                new BlobSignature(settings.clusterKey()),
                reserve,
                new CopyHandler(copies, who, reserve),
                threads);
        server.getServerConfiguration().addHttpHandler(handler, "/");
        server.getServerConfiguration().setAllowPayloadForUndefinedHttpMethods(true);
        try {
            server.start();
        } catch (IOException e) {
            close();
            throw e;
        }
        repair.start();
    }

    private void adopt() throws IOException {
        blobs.adopt();
    }

    ReplicatedBlobStore blobs() {
        return blobs;
    }

    Repair repair() {
        return repair;
    }

    @Override
    public void close() {
        repair.close();
        try {
            server.shutdown(2, TimeUnit.SECONDS).get(3, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
            server.shutdownNow();
        }
        Executors.stop(threads, "blobs", Duration.ofSeconds(2));
        blobs.close();
    }
}
