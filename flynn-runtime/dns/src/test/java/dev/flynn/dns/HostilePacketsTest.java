package dev.flynn.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Type;

@Timeout(60)
class HostilePacketsTest {

    private final TestDns dns = new TestDns();

    @AfterEach
    void close() {
        dns.close();
    }

    @Test
    void whatIsNoQueryGetsNoAnswer() throws IOException {
        byte[] response = query("web.discoverd");
        response[2] |= (byte) 0x80;

        assertThat(send(new byte[0])).isEmpty();
        assertThat(send(new byte[11])).isEmpty();
        assertThat(send(response)).isEmpty();
    }

    @Test
    void aBrokenQuestionIsAFormatError() throws IOException {
        byte[] good = query("web.discoverd");
        byte[] none = good.clone();
        none[5] = 0;
        byte[] two = good.clone();
        two[5] = 2;
        byte[] pointer = good.clone();
        pointer[12] = (byte) 0xC0;
        byte[] cutOff = Arrays.copyOf(good, 20);
        byte[] noType = Arrays.copyOf(good, good.length - 3);
        byte[] longName = new byte[600];
        System.arraycopy(good, 0, longName, 0, 12);
        for (int at = 12; at + 64 < 500; at += 64) {
            longName[at] = 63;
        }
        for (byte[] packet : List.of(none, two, pointer, cutOff, noType, longName)) {
            Message answer = new Message(send(packet).orElseThrow());
            assertThat(answer.getRcode()).isEqualTo(Rcode.FORMERR);
            assertThat(answer.getHeader().getID())
                    .isEqualTo(new Message(Arrays.copyOf(good, good.length))
                            .getHeader()
                            .getID());
        }
    }

    @Test
    void otherOperationsAndClassesAreRefused() throws IOException {
        Message update = new Message(query("web.discoverd"));
        update.getHeader().setOpcode(Opcode.UPDATE);
        Message chaos = Message.newQuery(Record.newRecord(Name.fromString("version.bind."), Type.TXT, DClass.CHAOS));

        assertThat(new Message(send(update.toWire()).orElseThrow()).getRcode()).isEqualTo(Rcode.NOTIMP);
        assertThat(new Message(send(chaos.toWire()).orElseThrow()).getRcode()).isEqualTo(Rcode.REFUSED);
    }

    @Test
    void theRootAndLabelsOfAnyBytesAreNames() throws IOException {
        byte[] odd = query("web.discoverd");
        odd[13] = (byte) 0xFF;
        odd[14] = 0;

        assertThat(new Message(send(odd).orElseThrow()).getRcode()).isEqualTo(Rcode.NXDOMAIN);
        assertThat(new Message(send(Message.newQuery(Record.newRecord(Name.root, Type.NS, DClass.IN))
                                        .toWire())
                                .orElseThrow())
                        .getRcode())
                .isEqualTo(Rcode.SERVFAIL);
    }

    /** Whatever comes, the answer is well-formed and no larger than allowed, or there is none; and the server lives. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void noPacketBreaksAnything(long seed) throws IOException {
        var random = new Random(seed);
        var answers = new Answers(
                new Zone(new ServiceDirectory(dns.discovery), java.time.Clock.systemUTC()), new LoopProbe(), false);
        List<byte[]> seeds =
                new ArrayList<>(List.of(query("web.discoverd"), query("leader.web.discoverd"), query("x")));
        for (int round = 0; round < 20_000; round++) {
            byte[] packet = mutate(seeds.get(random.nextInt(seeds.size())), random);
            ByteBuffer out = ByteBuffer.allocate(Wire.MAX_MESSAGE_BYTES);

            boolean tcp = random.nextBoolean();
            if (answers.answer(ByteBuffer.wrap(packet), out, tcp) == Answers.Outcome.ANSWERED) {
                byte[] answer = new byte[out.remaining()];
                out.get(answer);
                assertThat(new Message(answer).getHeader().getID())
                        .isEqualTo(ByteBuffer.wrap(packet).getShort(0) & 0xFFFF);
                assertThat(tcp || answer.length <= Wire.EDNS_BYTES).isTrue();
            }
        }
    }

    @Test
    void connectionsThatAreManyOrIdleKeepNobodyOut() throws IOException {
        List<Socket> idle = new ArrayList<>();
        try {
            for (int i = 0; i < TcpListener.MAX_CONNECTIONS + 20; i++) {
                var socket = new Socket();
                socket.connect(dns.server.address());
                idle.add(socket);
            }
            assertThat(dns.ask("nothing.discoverd", Type.A).getRcode()).isEqualTo(Rcode.NXDOMAIN);
            idle.get(idle.size() - 1).setSoTimeout(20_000);
            assertThat(idle.get(idle.size() - 1).getInputStream().read()).isNegative();
        } finally {
            for (Socket socket : idle) {
                socket.close();
            }
        }
        org.awaitility.Awaitility.await()
                .ignoreExceptions()
                .until(() -> dns.askOverTcp("nothing.discoverd", Type.A).getRcode() == Rcode.NXDOMAIN);
    }

    @Test
    void oneConnectionServesManyQueries() throws IOException {
        try (var socket = new Socket()) {
            socket.connect(dns.server.address());
            socket.setSoTimeout(20_000);
            byte[] query = query("nothing.discoverd");
            for (int i = 0; i < 3; i++) {
                byte[] framed = new byte[query.length + 2];
                ByteBuffer.wrap(framed).putShort((short) query.length).put(query);
                socket.getOutputStream().write(framed, 0, 5);
                socket.getOutputStream().write(framed, 5, framed.length - 5);
                InputStream in = socket.getInputStream();
                byte[] answer = in.readNBytes(in.read() << 8 | in.read());
                assertThat(new Message(answer).getRcode()).isEqualTo(Rcode.NXDOMAIN);
            }
        }
    }

    private static byte[] mutate(byte[] packet, Random random) {
        byte[] mutated = Arrays.copyOf(packet, random.nextInt(4) == 0 ? random.nextInt(80) : packet.length);
        for (int i = random.nextInt(6); i > 0 && mutated.length > 0; i--) {
            mutated[random.nextInt(mutated.length)] = (byte) random.nextInt(256);
        }
        return mutated;
    }

    private static byte[] query(String name) throws IOException {
        Message query = Message.newQuery(Record.newRecord(Name.fromString(name + "."), Type.A, DClass.IN));
        query.getHeader().setID(4711);
        return query.toWire();
    }

    /** The answer, if one comes before that of a query that is sent after it. */
    private Optional<byte[]> send(byte[] packet) throws IOException {
        try (var socket = new DatagramSocket()) {
            socket.setSoTimeout(20_000);
            InetSocketAddress server = dns.server.address();
            socket.send(new DatagramPacket(packet, packet.length, server));
            byte[] marker = query("marker.discoverd");
            marker[0] = 0x55;
            marker[1] = 0x55;
            socket.send(new DatagramPacket(marker, marker.length, server));
            var answer = new DatagramPacket(new byte[4096], 4096);
            socket.receive(answer);
            byte[] bytes = Arrays.copyOf(answer.getData(), answer.getLength());
            return bytes[0] == 0x55 && bytes[1] == 0x55 ? Optional.empty() : Optional.of(bytes);
        } catch (SocketTimeoutException e) {
            throw new AssertionError("the server does not answer any more", e);
        }
    }
}
