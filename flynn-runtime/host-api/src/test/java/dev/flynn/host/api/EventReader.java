package dev.flynn.host.api;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.json.FlynnJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;

/** A client that follows events, and has read the head of the answer. */
final class EventReader implements AutoCloseable {

    private final FlynnJson json = new FlynnJson();
    private final Socket socket;
    private final BufferedReader in;

    EventReader(int port, String path) throws IOException {
        socket = new Socket();
        socket.setReceiveBufferSize(8 << 10);
        socket.connect(new java.net.InetSocketAddress("127.0.0.1", port));
        socket.setSoTimeout(20_000);
        in = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8), 1024);
        socket.getOutputStream()
                .write(("GET " + path + " HTTP/1.1\r\nHost: h\r\nAccept: text/event-stream\r\n\r\n")
                        .getBytes(US_ASCII));
        assertThat(in.readLine()).isEqualTo("HTTP/1.1 200 OK");
        boolean isStream = false;
        for (String line = in.readLine(); !line.isEmpty(); line = in.readLine()) {
            isStream |= line.equalsIgnoreCase("content-type: text/event-stream; charset=utf-8");
        }
        assertThat(isStream).isTrue();
    }

    /** The next line that is no part of HTTP's own framing; null at the end. */
    String line() throws IOException {
        String line = in.readLine();
        while (line != null && (line.isEmpty() || line.matches("[0-9a-f]+"))) {
            line = in.readLine();
        }
        return line;
    }

    JsonNode next() throws IOException {
        String line = line();
        assertThat(line).startsWith("data: ");
        return json.readTree(line.substring("data: ".length()));
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
