package dev.flynn.distro;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class ListenPortsTest {

    private final List<String> said = new ArrayList<>();

    @Test
    void aTakenPortIsRefusedByTheNameOfItsHolder() throws Exception {
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            int port = taken.getLocalPort();

            assertThatThrownBy(() -> ListenPorts.choose(
                            "127.0.0.1", OptionalInt.of(port), OptionalInt.of(freePort()), said::add))
                    .hasMessageContaining("port " + port + " cannot be used: it is held by java")
                    .hasMessageContaining(
                            "process id " + ProcessHandle.current().pid())
                    .hasMessageContaining("--http-port");
        }
    }

    @Test
    void wantedPortsThatAreFreeAreTakenSilently() throws Exception {
        int http = freePort();
        int https = freePort();

        assertThat(ListenPorts.choose("127.0.0.1", OptionalInt.of(http), OptionalInt.of(https), said::add))
                .isEqualTo(new ListenPorts(http, https));
        assertThat(said).isEmpty();
    }

    @Test
    void anAddressThatIsNotOursIsNamed() {
        assertThatThrownBy(() -> ListenPorts.choose("192.0.2.1", OptionalInt.of(8099), OptionalInt.of(8098), said::add))
                .hasMessageContaining("192.0.2.1 is no address of this machine");
    }

    @Test
    void whatIsNoAddressAndWhatIsNoPortAreNamed() {
        assertThatThrownBy(() -> ListenPorts.choose("[nonsense", OptionalInt.empty(), OptionalInt.empty(), line -> {}))
                .hasMessage("\"[nonsense\" is no IP address; give one of this machine's, such as 127.0.0.1");
        assertThatThrownBy(
                        () -> ListenPorts.choose("127.0.0.1", OptionalInt.of(99_999), OptionalInt.empty(), line -> {}))
                .hasMessage("--http-port is 1 to 65535, or 0 for any free one; it was 99999");
    }

    @Test
    void urlsCarryThePortOnlyWhenItIsNotTheUsualOne() {
        assertThat(new ListenPorts(80, 443).urlDomain("flynn.localhost")).isEqualTo("flynn.localhost");
        assertThat(new ListenPorts(8080, 8443).urlDomain("flynn.localhost")).isEqualTo("flynn.localhost:8443");
        assertThat(new ListenPorts(8080, 8443).seenAt(OptionalInt.of(443)).urlDomain("flynn.localhost"))
                .isEqualTo("flynn.localhost");
        assertThat(new ListenPorts(8080, 8443).httpUrl("a.flynn.localhost")).isEqualTo("http://a.flynn.localhost:8080");
    }

    private static int freePort() throws Exception {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
