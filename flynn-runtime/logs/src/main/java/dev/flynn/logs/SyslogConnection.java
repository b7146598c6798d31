package dev.flynn.logs;

import dev.flynn.base.NamedThreads;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/**
 * A connection to a syslog server. One thread sends; {@link #close} by another ends a wait. Syslog has no answers: what was
 * sent and not read when the server went, is lost, and nobody is told.
 */
abstract class SyslogConnection implements Closeable {

    private static final int CONNECT_MILLIS = 5_000;
    private static final int PIECE_BYTES = 64 * 1024;

    /** What a datagram can hold, less what precedes it. */
    private static final int MAX_DATAGRAM_BYTES = 65_000;

    static SyslogConnection open(SyslogTarget target) throws IOException {
        return switch (target.transport()) {
            case UDP -> new Datagrams(target);
            case TCP -> new Stream(target, connect(target));
            case TLS -> new Stream(target, secured(target, connect(target)));
        };
    }

    /**
     * Sends some of the lines.
     *
     * @return the index of the first that was not sent
     */
    abstract int send(List<SyslogLine> lines, int from) throws IOException;

    private static Socket connect(SyslogTarget target) throws IOException {
        var socket = new Socket();
        try {
            socket.connect(new InetSocketAddress(target.host(), target.port()), CONNECT_MILLIS);
            return socket;
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private static Socket secured(SyslogTarget target, Socket socket) throws IOException {
        try {
            SSLSocketFactory factory = factory(target);
            SSLSocket secured = (SSLSocket) factory.createSocket(socket, target.host(), target.port(), true);
            SSLParameters parameters = secured.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            secured.setSSLParameters(parameters);
            secured.setSoTimeout(CONNECT_MILLIS);
            secured.startHandshake();
            secured.setSoTimeout(0);
            return secured;
        } catch (GeneralSecurityException e) {
            socket.close();
            throw new IOException("cannot secure the connection to " + target, e);
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private static SSLSocketFactory factory(SyslogTarget target) throws IOException, GeneralSecurityException {
        if (target.authorities().isEmpty()) {
            return SSLContext.getDefault().getSocketFactory();
        }
        Path file = target.authorities().get();
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        try (InputStream in = Files.newInputStream(file)) {
            int count = 0;
            for (Certificate certificate :
                    CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                trusted.setCertificateEntry("authority-" + count++, certificate);
            }
        }
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context.getSocketFactory();
    }

    /** TCP, with or without TLS. */
    private static final class Stream extends SyslogConnection {

        private final Socket socket;
        private final OutputStream out;
        private final FrameWriter frames;

        Stream(SyslogTarget target, Socket socket) throws IOException {
            this.socket = socket;
            this.out = socket.getOutputStream();
            this.frames = new FrameWriter(target.form());
            new NamedThreads("syslog-end").newThread(this::awaitEnd).start();
        }

        /** A server says nothing; that it hung up is noticed before lines are sent there, not after. */
        private void awaitEnd() {
            try (socket) {
                InputStream in = socket.getInputStream();
                while (in.read() >= 0) {
                    // whatever it says
                }
            } catch (IOException closed) {
                // that is what was waited for
            }
        }

        @Override
        int send(List<SyslogLine> lines, int from) throws IOException {
            frames.clear();
            int next = from;
            while (next < lines.size() && frames.size() < PIECE_BYTES) {
                frames.add(lines.get(next++));
            }
            out.write(frames.bytes(), 0, frames.size());
            return next;
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    /** UDP. */
    private static final class Datagrams extends SyslogConnection {

        private final DatagramSocket socket;
        private final FrameWriter message;

        Datagrams(SyslogTarget target) throws IOException {
            this.socket = new DatagramSocket();
            this.message = new FrameWriter(target.form());
            try {
                socket.connect(new InetSocketAddress(target.host(), target.port()));
            } catch (IOException | RuntimeException e) {
                socket.close();
                throw e;
            }
        }

        @Override
        int send(List<SyslogLine> lines, int from) throws IOException {
            message.clear();
            message.add(lines.get(from));
            socket.send(new DatagramPacket(message.bytes(), Math.min(message.size(), MAX_DATAGRAM_BYTES)));
            return from + 1;
        }

        @Override
        public void close() {
            socket.close();
        }
    }
}
