package dev.flynn.it;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** Asks an app again and again, until it is stopped, and keeps what went wrong. */
final class Load implements AutoCloseable {

    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private final AtomicInteger count = new AtomicInteger();
    private final Thread thread;
    private volatile boolean stopped;

    Load(Cluster cluster, String app) {
        URI uri = URI.create("http://127.0.0.1:" + cluster.httpPort() + "/");
        String host = app + "." + Cluster.DOMAIN;
        this.thread = new Thread(() -> ask(uri, host), "load");
        thread.start();
    }

    private void ask(URI uri, String host) {
        while (!stopped) {
            try {
                var connection = (HttpURLConnection) uri.toURL().openConnection();
                connection.setRequestProperty("Host", host);
                connection.setReadTimeout(10_000);
                int status = connection.getResponseCode();
                count.incrementAndGet();
                if (status == 200) {
                    connection.getInputStream().readAllBytes();
                } else {
                    failures.add("status " + status);
                }
            } catch (IOException e) {
                failures.add(e.toString());
            }
        }
    }

    void stop() throws InterruptedException {
        stopped = true;
        thread.join(15_000);
    }

    int count() {
        return count.get();
    }

    Queue<String> failures() {
        return failures;
    }

    @Override
    public void close() throws InterruptedException {
        stop();
    }
}
