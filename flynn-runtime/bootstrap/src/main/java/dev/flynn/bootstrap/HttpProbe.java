package dev.flynn.bootstrap;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Asks for a page just to see the status; light, because it is on the way of every start. */
final class HttpProbe {

    private static final int CONNECT_MILLIS = 2_000;
    private static final int READ_MILLIS = 10_000;
    private static final Pattern STATUS_LINE = Pattern.compile("HTTP/1\\.[01] (\\d{3})(?: .*)?");

    private HttpProbe() {}

    static int status(InetSocketAddress address, String host, String path) throws IOException {
        try (Socket socket = connect(address)) {
            String request = "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: flynn-bootstrap\r\nConnection: close\r\n\r\n"
                    .formatted(path, host);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            var reply = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
            String line = reply.readLine();
            Matcher status = STATUS_LINE.matcher(line == null ? "" : line);
            if (!status.matches()) {
                throw new IOException("no HTTP response");
            }
            return Integer.parseInt(status.group(1));
        }
    }

    /** Connects and closes. */
    static void reach(InetSocketAddress address) throws IOException {
        connect(address).close();
    }

    private static Socket connect(InetSocketAddress address) throws IOException {
        var socket = new Socket();
        try {
            socket.connect(address, CONNECT_MILLIS);
            socket.setSoTimeout(READ_MILLIS);
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }
}
