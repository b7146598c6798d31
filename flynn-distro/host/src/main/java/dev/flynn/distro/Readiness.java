package dev.flynn.distro;

import dev.flynn.api.error.FlynnException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Finds out whether the platform answers as its users will ask it: through the router. */
final class Readiness {

    private static final int TIMEOUT_MILLIS = 2_000;
    private static final long PAUSE_MILLIS = 20;

    private final InetSocketAddress router;

    Readiness(String listenIp, int httpPort) {
        this.router = new InetSocketAddress(listenIp, httpPort);
    }

    /** Waits until a host name answers with a status. */
    void await(String host, String path, int status, Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        String last = "";
        while (System.nanoTime() < deadline) {
            last = ask(host, path);
            if (last.startsWith("HTTP/1.1 " + status)) {
                return;
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
        throw FlynnException.unavailable(
                "%s%s did not answer with status %d within %d s; last answer: %s"
                        .formatted(host, path, status, patience.toSeconds(), last),
                null);
    }

    private String ask(String host, String path) {
        try (var socket = new Socket()) {
            socket.connect(router, TIMEOUT_MILLIS);
            socket.setSoTimeout(TIMEOUT_MILLIS);
            String request = "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n".formatted(path, host);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            var reader = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
            return String.valueOf(reader.readLine());
        } catch (IOException e) {
            return e.toString();
        }
    }
}
