package dev.flynn.logs;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A syslog server by TCP, TLS or UDP that can stop to read, and go away. */
final class TestSyslogServer implements AutoCloseable {

    private static final int MAX_DIGITS = 5;

    final List<String> messages = new CopyOnWriteArrayList<>();
    private final List<Socket> clients = new CopyOnWriteArrayList<>();
    private final SyslogTarget.Framing framing;
    private final @Nullable ServerSocket listener;
    private final @Nullable DatagramSocket datagrams;
    private boolean stalled;

    private TestSyslogServer(
            SyslogTarget.Framing framing, @Nullable ServerSocket listener, @Nullable DatagramSocket datagrams) {
        this.framing = framing;
        this.listener = listener;
        this.datagrams = datagrams;
        var thread = new Thread(listener == null ? this::receive : this::accept);
        thread.setDaemon(true);
        thread.start();
    }

    static TestSyslogServer tcp(SyslogTarget.Framing framing, int port) throws IOException {
        return stream(framing, new ServerSocket(port, 50, InetAddress.getLoopbackAddress()));
    }

    static TestSyslogServer stream(SyslogTarget.Framing framing, ServerSocket listener) {
        return new TestSyslogServer(framing, listener, null);
    }

    static TestSyslogServer udp() throws IOException {
        var socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        socket.setReceiveBufferSize(4 << 20);
        return new TestSyslogServer(SyslogTarget.Framing.OCTET_COUNTING, null, socket);
    }

    int port() {
        return listener != null ? listener.getLocalPort() : datagrams == null ? 0 : datagrams.getLocalPort();
    }

    private void accept() {
        try {
            while (true) {
                Socket client = listener.accept();
                clients.add(client);
                var thread = new Thread(() -> read(client));
                thread.setDaemon(true);
                thread.start();
            }
        } catch (IOException closed) {
            // the end
        }
    }

    private void read(Socket client) {
        try (client) {
            InputStream in = new BufferedInputStream(client.getInputStream(), 1024);
            while (true) {
                awaitGo();
                String message = framing == SyslogTarget.Framing.NEWLINE ? line(in) : counted(in);
                if (message == null) {
                    return;
                }
                messages.add(message);
            }
        } catch (IOException | InterruptedException closed) {
            // the end
        }
    }

    private static @Nullable String line(InputStream in) throws IOException {
        var line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                return null;
            }
            line.write(b);
        }
        return line.toString(UTF_8);
    }

    private @Nullable String counted(InputStream in) throws IOException {
        int length = 0;
        int digits = 0;
        for (int b = in.read(); b != ' '; b = in.read()) {
            if (b < 0) {
                return null;
            }
            if (b < '0' || b > '9' || ++digits > MAX_DIGITS) {
                messages.add("no frame: " + (char) b);
                return null;
            }
            length = length * 10 + b - '0';
        }
        return new String(in.readNBytes(length), UTF_8);
    }

    private void receive() {
        byte[] buffer = new byte[1 << 16];
        try {
            while (true) {
                var packet = new DatagramPacket(buffer, buffer.length);
                datagrams.receive(packet);
                messages.add(new String(buffer, 0, packet.getLength(), UTF_8));
            }
        } catch (SocketException closed) {
            // the end
        } catch (IOException e) {
            messages.add("failed: " + e);
        }
    }

    private synchronized void awaitGo() throws InterruptedException {
        while (stalled) {
            wait();
        }
    }

    synchronized void stall(boolean now) {
        stalled = now;
        notifyAll();
    }

    List<LogMessage> lines(AppId app) {
        return messages.stream()
                .map(text -> SyslogLine.parse(text).orElseThrow(() -> new AssertionError("no line: " + text)))
                .filter(line -> line.app().equals(app))
                .map(SyslogLine::message)
                .toList();
    }

    @Override
    public void close() throws IOException {
        stall(false);
        if (listener != null) {
            listener.close();
        }
        if (datagrams != null) {
            datagrams.close();
        }
        for (Socket client : clients) {
            client.close();
        }
    }
}
