package dev.flynn.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.FlynnException;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

@Timeout(60)
class ForwardingTest {

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : opened) {
            one.close();
        }
        threads.shutdownNow();
    }

    /** A resolver of the world: answers each query with its own name, over UDP and TCP, changed as a test wants. */
    private final class Upstream implements AutoCloseable {

        final DatagramSocket udp;
        final ServerSocket tcp;
        final List<String> asked = new CopyOnWriteArrayList<>();
        private final UnaryOperator<byte[]> change;
        private final InetSocketAddress address;

        Upstream(UnaryOperator<byte[]> change) throws IOException {
            this.change = change;
            Sockets sockets = Sockets.open();
            udp = sockets.udp();
            tcp = sockets.tcp();
            address = new InetSocketAddress("127.0.0.1", udp.getLocalPort());
            opened.add(this);
            threads.execute(this::serveUdp);
            threads.execute(this::serveTcp);
        }

        InetSocketAddress address() {
            return address;
        }

        private void serveUdp() {
            try {
                while (true) {
                    var packet = new DatagramPacket(new byte[4096], 4096);
                    udp.receive(packet);
                    byte[] answer = change.apply(answer(packet.getData(), packet.getLength(), "udp"));
                    if (answer.length > 0) {
                        udp.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
                    }
                }
            } catch (IOException closed) {
                // the test is over
            }
        }

        private void serveTcp() {
            try {
                while (true) {
                    try (Socket socket = tcp.accept()) {
                        var in = new DataInputStream(socket.getInputStream());
                        byte[] query = new byte[in.readUnsignedShort()];
                        in.readFully(query);
                        byte[] answer = change.apply(answer(query, query.length, "tcp"));
                        var out = new DataOutputStream(socket.getOutputStream());
                        out.writeShort(answer.length);
                        out.write(answer);
                    }
                }
            } catch (IOException closed) {
                // the test is over
            }
        }

        private byte[] answer(byte[] query, int length, String how) throws IOException {
            Message message = new Message(java.util.Arrays.copyOf(query, length));
            Name name = message.getQuestion().getName();
            if (!name.toString().endsWith(".invalid.")) {
                asked.add(how + " " + name);
            }
            message.getHeader().setFlag(Flags.QR);
            message.addRecord(new TXTRecord(name, 1, 77, name.toString()), Section.ANSWER);
            return message.toWire();
        }

        @Override
        public void close() throws IOException {
            udp.close();
            tcp.close();
        }
    }

    private TestDns dnsWith(Upstream... upstreams) {
        var dns = new TestDns(new Recursors(
                java.util.Arrays.stream(upstreams).map(Upstream::address).toList()));
        opened.add(0, dns);
        return dns;
    }

    @Test
    void otherNamesAreAnsweredByTheFirstRecursorUnchanged() throws IOException {
        var first = new Upstream(answer -> answer);
        var second = new Upstream(answer -> answer);
        TestDns dns = dnsWith(first, second);

        Message answer = dns.ask("Example.com", Type.TXT);

        assertThat(answer.getSection(Section.ANSWER)).extracting(Record::getTTL).containsExactly(77L);
        assertThat(TestDns.data(answer, Section.ANSWER)).containsExactly("Example.com.");
        assertThat(first.asked).containsExactly("udp Example.com.");
        assertThat(second.asked).isEmpty();
    }

    @Test
    void overTcpTheyAreForwardedOverTcp() throws IOException {
        var upstream = new Upstream(answer -> answer);
        TestDns dns = dnsWith(upstream);

        Message answer = dns.askOverTcp("example.com", Type.TXT);

        assertThat(answer.getRcode()).isEqualTo(Rcode.NOERROR);
        assertThat(upstream.asked).containsExactly("tcp example.com.");
    }

    @Test
    void aRecursorThatIsSilentOrGoneIsPassedOver() throws IOException {
        var silent = new Upstream(answer -> new byte[0]);
        var gone = new Upstream(answer -> answer);
        gone.close();
        var last = new Upstream(answer -> answer);
        TestDns dns = dnsWith(silent, gone, last);

        assertThat(dns.ask("example.com", Type.TXT).getRcode()).isEqualTo(Rcode.NOERROR);
        assertThat(dns.askOverTcp("example.com", Type.TXT).getRcode()).isEqualTo(Rcode.NOERROR);
        assertThat(silent.asked).contains("udp example.com.");
        assertThat(last.asked).contains("udp example.com.", "tcp example.com.");
    }

    @Test
    void ifAllFailTheAnswerIsAFailureThatOffersRecursion() throws IOException {
        TestDns dns = dnsWith(new Upstream(answer -> new byte[0]));

        Message answer = dns.ask("example.com", Type.A);

        assertThat(answer.getRcode()).isEqualTo(Rcode.SERVFAIL);
        assertThat(answer.getHeader().getFlag(Flags.RA)).isTrue();
        assertThat(dns.ask("nothing.discoverd", Type.A).getHeader().getFlag(Flags.RA))
                .isTrue();
    }

    @Test
    void anAnswerToAnotherQuestionIsNotBelieved() throws IOException {
        var forger = new Upstream(answer -> {
            answer[13] ^= 1;
            return answer;
        });
        var honest = new Upstream(answer -> answer);
        TestDns dns = dnsWith(forger, honest);

        assertThat(TestDns.data(dns.ask("example.com", Type.TXT), Section.ANSWER))
                .containsExactly("example.com.");
        assertThat(honest.asked).hasSize(1);
    }

    @Test
    void aRecursorThatSaysNoHasAnswered() throws IOException {
        var refusing = new Upstream(answer -> {
            answer[3] = (byte) (answer[3] & 0xF0 | Rcode.REFUSED);
            return answer;
        });
        TestDns dns = dnsWith(refusing, new Upstream(answer -> answer));

        assertThat(dns.ask("example.com", Type.TXT).getRcode()).isEqualTo(Rcode.REFUSED);
    }

    @Test
    void manyWaitAtTheSameTime() throws Exception {
        var upstream = new Upstream(answer -> answer);
        TestDns dns = dnsWith(upstream);
        List<Future<Message>> asked = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            String name = "host" + i + ".example.com";
            asked.add(threads.submit(() -> dns.ask(name, Type.TXT)));
        }

        for (int i = 0; i < asked.size(); i++) {
            assertThat(TestDns.data(asked.get(i).get(), Section.ANSWER)).containsExactly("host" + i + ".example.com.");
        }
    }

    @Test
    void aSilentRecursorDelaysNobodyWhoAsksForAService() throws IOException {
        TestDns dns = dnsWith(new Upstream(answer -> new byte[0]));
        dns.register("web", "http", "10.0.0.1:80");
        await().until(() -> dns.ask("web.discoverd", Type.A).getRcode() == Rcode.NOERROR);
        for (int i = 0; i < 50; i++) {
            var unused = threads.submit(() -> dns.ask("example.com", Type.A));
        }

        assertThat(dns.ask("web.discoverd", Type.A).getRcode()).isEqualTo(Rcode.NOERROR);
    }

    // ---- loops

    @Test
    void thisServerItselfIsNotAsked() {
        InetSocketAddress self = new InetSocketAddress("127.0.0.1", 53);
        InetSocketAddress other = new InetSocketAddress("127.0.0.1", 5353);

        assertThat(new Recursors(List.of(self, other)).without(self).addresses())
                .containsExactly(other);
        assertThat(new Recursors(List.of(self, other))
                        .without(new InetSocketAddress("0.0.0.0", 53))
                        .addresses())
                .containsExactly(other);
    }

    @Test
    void aRecursorThatAsksBackIsNotAskedAnyMore() throws IOException {
        var probe = new LoopProbe();
        InetSocketAddress recursor = new InetSocketAddress("127.0.0.1", 5353);
        byte[] packet = probe.query(recursor);

        assertThat(probe.isLoop(recursor)).isFalse();
        assertThat(probe.isOwn(read(packet))).isTrue();
        assertThat(probe.isLoop(recursor)).isTrue();
        assertThat(probe.isOwn(read(new LoopProbe().query(recursor)))).isFalse();
    }

    @Test
    void twoServersThatForwardToEachOtherGiveUpAtOnce() throws IOException {
        int port = freePort();
        TestDns first = new TestDns(new Recursors(List.of(new InetSocketAddress("127.0.0.1", port))));
        opened.add(0, first);
        try (var second = DnsServer.builder(first.discovery, new InetSocketAddress("127.0.0.1", port))
                .recursors(new Recursors(List.of(first.server.address())))
                .start()) {
            assertThat(second.address().getPort()).isEqualTo(port);
            await().until(() -> {
                long begin = System.nanoTime();
                return first.ask("example.com", Type.A).getRcode() == Rcode.SERVFAIL
                        && System.nanoTime() - begin < 250_000_000;
            });
        }
    }

    // ---- settings

    @Test
    void recursorsAreReadInEveryForm() {
        assertThat(Recursors.parse("8.8.8.8, 1.1.1.1:5353 ,,[2001:db8::1]:54,2001:db8::2,[::1]")
                        .addresses())
                .containsExactly(
                        new InetSocketAddress("8.8.8.8", 53),
                        new InetSocketAddress("1.1.1.1", 5353),
                        new InetSocketAddress("2001:db8::1", 54),
                        new InetSocketAddress("2001:db8::2", 53),
                        new InetSocketAddress("::1", 53));
        for (String wrong : List.of("no such host", "1.1.1.1:x", "1.1.1.1:0", "1.1.1.1:70000")) {
            assertThatExceptionOfType(FlynnException.class)
                    .isThrownBy(() -> Recursors.parse(wrong))
                    .withMessageContaining(wrong.strip());
        }
    }

    @Test
    void recursorsOfTheHostAreInItsFile(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("resolv.conf");
        Files.writeString(file, "# comment\nsearch example.com\nnameserver 10.0.0.53\n nameserver\t::1 \noptions x\n");

        assertThat(Recursors.ofResolvConf(file).addresses())
                .containsExactly(new InetSocketAddress("10.0.0.53", 53), new InetSocketAddress("::1", 53));
        assertThat(Recursors.ofResolvConf(directory.resolve("none"))).isEqualTo(Recursors.NONE);
    }

    /** On a port that is free for UDP and TCP. */
    private record Sockets(DatagramSocket udp, ServerSocket tcp) implements AutoCloseable {

        static Sockets open() throws IOException {
            while (true) {
                var udp = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0));
                try {
                    return new Sockets(
                            udp, new ServerSocket(udp.getLocalPort(), 5, InetAddress.getByName("127.0.0.1")));
                } catch (BindException takenForTcp) {
                    udp.close();
                }
            }
        }

        @Override
        public void close() throws IOException {
            udp.close();
            tcp.close();
        }
    }

    private static int freePort() throws IOException {
        try (Sockets sockets = Sockets.open()) {
            return sockets.tcp().getLocalPort();
        }
    }

    private static Query read(byte[] packet) {
        try {
            return Query.read(java.nio.ByteBuffer.wrap(packet));
        } catch (Query.Malformed e) {
            throw new AssertionError(e);
        }
    }
}
