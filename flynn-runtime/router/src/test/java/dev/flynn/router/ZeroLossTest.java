package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.router.LoadUsers.Dial;
import dev.flynn.router.LoadUsers.Http1User;
import dev.flynn.router.LoadUsers.Http2User;
import dev.flynn.router.LoadUsers.StickyUser;
import dev.flynn.router.LoadUsers.TunnelUser;
import dev.flynn.router.MixedLoad.Failure;
import dev.flynn.router.program.RouterProgram;
import io.netty.buffer.PooledByteBufAllocator;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * Every kind of client asks all the time, while something changes twice a second: backends, releases, routes, certificates, the
 * routers themselves. No request fails, but those that a backend had, or was just sent, when it was killed; each of them is
 * told.
 *
 * <p>The system property {@code router.zeroloss.seconds} says for how long, {@code router.zeroloss.seed} makes a run that is
 * like another one; {@code script/suite zero-loss} runs it for ten minutes.
 */
class ZeroLossTest {

    private static final int SECONDS = Integer.getInteger("router.zeroloss.seconds", 12);
    private static final long SEED = Long.getLong("router.zeroloss.seed", 1);
    private static final int CHANGE_MILLIS = 500;

    /** For the routers to hear that a killed backend is gone. */
    private static final long NOTICE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    @Test
    void noRequestFailsWhateverChanges() throws Exception {
        RouterProgram.prepareMachine();
        Random random = new Random(SEED);
        byte[] cookieKey = new byte[32];
        random.nextBytes(cookieKey);
        var fallback = TestCertificates.named("fallback");
        List<String> unexplained = new ArrayList<>();
        int explained = 0;

        var table = new ChangingTable(
                builder -> builder.cookieKey(cookieKey).defaultCertificate(fallback), RouterFixture.freePort(), random);
        try (table;
                MixedLoad load = load(table, random)) {
            load.start();
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
            for (int step = 0; System.nanoTime() < end; step++) {
                TimeUnit.MILLISECONDS.sleep(CHANGE_MILLIS);
                table.change(step);
            }
            load.close();
            for (Failure failure : load.failures()) {
                Optional<String> explanation = explain(failure, table.killed());
                System.out.printf(
                        "zero-loss: %s failed (%s): %s%n",
                        failure.id(), failure.reason(), explanation.orElse("NOT EXPLAINED"));
                explained += explanation.isPresent() ? 1 : 0;
                if (explanation.isEmpty()) {
                    unexplained.add(failure.id() + ": " + failure.reason());
                }
            }
            System.out.printf(
                    "zero-loss: seed %d, %d s: requests %s, changes %s, %d failed by kill -9, %d otherwise%n",
                    SEED, SECONDS, load.counts(), table.changes(), explained, unexplained.size());

            assertThat(unexplained).isEmpty();
            assertThat(load.counts())
                    .allSatisfy((kind, count) -> assertThat(count).isPositive());
        }
        assertThat(table.notDrained()).isEmpty();
        await().untilAsserted(() -> assertThat(PooledByteBufAllocator.DEFAULT.pinnedDirectMemory()
                        + PooledByteBufAllocator.DEFAULT.pinnedHeapMemory())
                .as("bytes of buffers that nobody released")
                .isZero());
    }

    private static MixedLoad load(ChangingTable table, Random random) {
        InetSocketAddress http = table.relay().httpAddress();
        InetSocketAddress https = table.relay().httpsAddress();
        InetSocketAddress tcp = new InetSocketAddress(http.getAddress(), table.tcpPort());
        String app = ChangingTable.APP;
        Dial plain = Dial.plain(http);
        Dial tls = Dial.tls(https, app, "http/1.1");
        MixedLoad load = new MixedLoad();
        for (int i = 0; i < 3; i++) {
            load.add("kept", new Http1User(plain, app, true, fork(random)), 20, fork(random));
        }
        load.add("single", new Http1User(plain, app, false, fork(random)), 20, fork(random));
        load.add("tls", new Http1User(tls, app, true, fork(random)), 20, fork(random));
        load.add("tls-single", new Http1User(tls, app, false, fork(random)), 60, fork(random));
        load.add("h2", new Http2User(Dial.tls(https, app, "h2"), app, fork(random)), 20, fork(random));
        load.add("h2c", new Http2User(plain, app, fork(random)), 20, fork(random));
        load.add("upgrade", new TunnelUser(plain, app, fork(random)), 20, fork(random));
        load.add("upgrade-tls", new TunnelUser(tls, app, fork(random)), 40, fork(random));
        load.add("tcp", new TunnelUser(Dial.plain(tcp), app, fork(random)), 20, fork(random));
        for (int i = 0; i < 2; i++) {
            load.add(
                    "sticky",
                    new StickyUser(plain, ChangingTable.STICKY, fork(random), table::hasLeft),
                    20,
                    fork(random));
        }
        return load;
    }

    private static Random fork(Random random) {
        return new Random(random.nextLong());
    }

    /** Only a killed backend is an excuse: it had the request, or was killed while that was on its way. */
    private static Optional<String> explain(Failure failure, List<EchoBackend> killed) {
        for (EchoBackend backend : killed) {
            if (failure.isAmong(backend.inProgress())) {
                return Optional.of(backend.name() + " was about it when it was killed");
            }
        }
        for (EchoBackend backend : killed) {
            EchoBackend.Kill kill = backend.kill();
            if (kill != null && failure.began() < kill.ended() + NOTICE_NANOS && failure.ended() > kill.began()) {
                return Optional.of("it was on its way when %s was killed, %d ms before it failed"
                        .formatted(
                                backend.name(),
                                Duration.ofNanos(failure.ended() - kill.began()).toMillis()));
            }
        }
        return Optional.empty();
    }
}
