package dev.flynn.testing;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.release.Port;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Listens where a job would, and answers every HTTP request with 200. */
final class JobPorts implements AutoCloseable {

    private static final int PATIENCE_MILLIS = 2_000;
    private static final byte[] ANSWER =
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n".getBytes(StandardCharsets.US_ASCII);

    private final List<ServerSocket> sockets = new ArrayList<>();

    /** @throws IOException if a port is in use */
    static JobPorts open(JobSpec job, String address) throws IOException {
        var ports = new JobPorts();
        try {
            for (Port port : job.ports()) {
                if (port.proto().equals("tcp") && port.port() > 0) {
                    ports.listen(address, port.port());
                }
            }
            return ports;
        } catch (IOException e) {
            ports.close();
            throw e;
        }
    }

    private void listen(String address, int port) throws IOException {
        var socket = new ServerSocket();
        sockets.add(socket);
        socket.setReuseAddress(true);
        socket.bind(new InetSocketAddress(address, port));
        var thread = new Thread(() -> answer(socket), "recorded-port-" + port);
        thread.setDaemon(true);
        thread.start();
    }

    private static void answer(ServerSocket socket) {
        while (!socket.isClosed()) {
            try (Socket connection = socket.accept()) {
                connection.setSoTimeout(PATIENCE_MILLIS);
                if (connection.getInputStream().read(new byte[8192]) > 0) {
                    connection.getOutputStream().write(ANSWER);
                }
            } catch (IOException closedOrRude) {
                // the next one may be better; a closed socket ends the loop
            }
        }
    }

    @Override
    public void close() {
        for (ServerSocket socket : sockets) {
            try {
                socket.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
