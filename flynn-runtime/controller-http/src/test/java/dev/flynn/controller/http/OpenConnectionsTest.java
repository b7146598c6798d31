package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import org.glassfish.grizzly.filterchain.FilterChainBuilder;
import org.glassfish.grizzly.filterchain.TransportFilter;
import org.glassfish.grizzly.nio.transport.TCPNIOServerConnection;
import org.glassfish.grizzly.nio.transport.TCPNIOTransport;
import org.glassfish.grizzly.nio.transport.TCPNIOTransportBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** On a server that accepts, and answers nothing. */
@Timeout(60)
class OpenConnectionsTest {

    private final TCPNIOTransport transport = TCPNIOTransportBuilder.newInstance()
            .setProcessor(
                    FilterChainBuilder.stateless().add(new TransportFilter()).build())
            .build();
    private final OpenConnections connections = new OpenConnections();
    private int port;

    @BeforeEach
    void start() throws IOException {
        transport.getConnectionMonitoringConfig().addProbes(connections);
        TCPNIOServerConnection listening = transport.bind("127.0.0.1", 0);
        transport.start();
        port = ((InetSocketAddress) listening.getLocalAddress()).getPort();
    }

    @AfterEach
    void stop() throws IOException {
        transport.shutdownNow();
    }

    private Socket connect() throws IOException {
        var socket = new Socket("127.0.0.1", port);
        socket.setSoTimeout(30_000);
        return socket;
    }

    private static boolean isEnded(Socket socket) {
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketTimeoutException open) {
            return false;
        } catch (IOException reset) {
            return true;
        }
    }

    @Test
    void thoseThatAreOpenAreClosed() throws IOException {
        try (Socket first = connect();
                Socket second = connect()) {
            second.getOutputStream().write('x');

            connections.close();

            assertThat(isEnded(first)).isTrue();
            assertThat(isEnded(second)).isTrue();
        }
    }

    @Test
    void oneThatIsAcceptedAfterwardsIsClosed() throws IOException {
        connections.close();

        try (Socket late = connect()) {
            assertThat(isEnded(late)).isTrue();
        }
    }
}
