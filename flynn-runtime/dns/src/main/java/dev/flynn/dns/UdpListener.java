package dev.flynn.dns;

import dev.flynn.base.NamedThreads;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers over UDP: each thread blocks on a socket of its own, and the kernel spreads the queries over the sockets. */
final class UdpListener implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(UdpListener.class);

    private static final int BUFFERED_BYTES = 1 << 20;

    private final Answers answers;
    private final Forwarder forwarder;
    private final List<DatagramChannel> channels = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();

    private UdpListener(Answers answers, Forwarder forwarder) {
        this.answers = answers;
        this.forwarder = forwarder;
    }

    /**
     * @param address whose port may be 0
     * @param shared whether another process may listen there too, to hand over without a gap
     * @throws IOException if the address is in use, or is none of this host's
     */
    static UdpListener open(
            InetSocketAddress address, int threads, boolean shared, Answers answers, Forwarder forwarder)
            throws IOException {
        if (!shared && address.getPort() != 0) {
            try (DatagramChannel alone = DatagramChannel.open()) {
                alone.bind(address);
            }
        }
        var listener = new UdpListener(answers, forwarder);
        try {
            InetSocketAddress bound = address;
            for (int i = 0; i < threads; i++) {
                DatagramChannel channel = DatagramChannel.open();
                listener.channels.add(channel);
                channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
                channel.setOption(StandardSocketOptions.SO_RCVBUF, BUFFERED_BYTES);
                channel.bind(bound);
                bound = (InetSocketAddress) channel.getLocalAddress();
            }
        } catch (IOException e) {
            listener.close();
            throw e;
        }
        return listener;
    }

    InetSocketAddress address() throws IOException {
        return (InetSocketAddress) channels.get(0).getLocalAddress();
    }

    void start() {
        var names = new NamedThreads("dns-udp");
        for (DatagramChannel channel : channels) {
            Thread thread = names.newThread(() -> serve(channel));
            threads.add(thread);
            thread.start();
        }
    }

    private void serve(DatagramChannel channel) {
        ByteBuffer in = ByteBuffer.allocateDirect(Wire.MAX_MESSAGE_BYTES);
        ByteBuffer out = ByteBuffer.allocateDirect(Wire.MAX_MESSAGE_BYTES);
        while (channel.isOpen()) {
            try {
                in.clear();
                SocketAddress from = channel.receive(in);
                in.flip();
                answer(channel, from, in, out);
            } catch (ClosedChannelException end) {
                return;
            } catch (IOException | RuntimeException e) {
                log.atDebug().setCause(e).log("a query was not answered");
            }
        }
    }

    private void answer(DatagramChannel channel, SocketAddress from, ByteBuffer in, ByteBuffer out) throws IOException {
        switch (answers.answer(in, out, false)) {
            case ANSWERED -> channel.send(out, from);
            case FORWARD -> {
                byte[] query = new byte[in.limit()];
                in.get(0, query);
                if (!forwarder.forward(query, answer -> pass(channel, from, query, answer))) {
                    answers.fail(in, out, false);
                    channel.send(out, from);
                }
            }
            case DROPPED -> {
                // whoever sent this asked nothing
            }
        }
    }

    private void pass(DatagramChannel channel, SocketAddress to, byte[] query, Optional<ByteBuffer> answer) {
        ByteBuffer out = answer.orElseGet(() -> {
            ByteBuffer failure = ByteBuffer.allocate(Wire.UDP_BYTES);
            answers.fail(ByteBuffer.wrap(query), failure, false);
            return failure;
        });
        try {
            channel.send(out, to);
        } catch (IOException e) {
            log.atDebug().setCause(e).addKeyValue("client", to).log("an answer was not delivered");
        }
    }

    @Override
    public void close() {
        for (DatagramChannel channel : channels) {
            try {
                channel.close();
            } catch (IOException e) {
                log.atDebug().setCause(e).log("socket did not close");
            }
        }
        try {
            for (Thread thread : threads) {
                thread.join(1000);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
