package dev.flynn.distro;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.junit.jupiter.api.Test;

class HeldPortTest {

    private static final String IP = "127.0.0.1";

    @Test
    void whoStartsAtTheSameTimeGetsAnotherOne() throws IOException {
        try (HeldPort first = HeldPort.of(IP, 0);
                HeldPort second = HeldPort.usually(IP, first.port())) {
            assertThat(second.port()).isNotEqualTo(first.port());
            assertThatThrownBy(() -> HeldPort.of(IP, first.port()).close()).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> listen(first.port()).close()).isInstanceOf(IOException.class);
        }
    }

    @Test
    void nobodyIsAnsweredThereUntilTheServerHasIt() throws IOException {
        HeldPort held = HeldPort.of(IP, 0);
        assertThatThrownBy(() -> new Socket(IP, held.port()).close()).isInstanceOf(ConnectException.class);

        held.close();

        try (ServerSocket server = listen(held.port());
                Socket client = new Socket(IP, held.port())) {
            assertThat(client.isConnected()).isTrue();
            assertThat(server.getLocalPort()).isEqualTo(held.port());
        }
    }

    private static ServerSocket listen(int port) throws IOException {
        var server = new ServerSocket();
        try {
            server.bind(new InetSocketAddress(IP, port));
            return server;
        } catch (IOException e) {
            server.close();
            throw e;
        }
    }
}
