package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.route.RoutePolicy;
import dev.flynn.router.message.Ascii;
import dev.flynn.router.message.Entrance;
import dev.flynn.router.policy.Gate;
import dev.flynn.router.policy.Nonces;
import dev.flynn.router.table.BackendSet;
import dev.flynn.router.table.Meters;
import dev.flynn.router.table.RoutingTable;
import dev.flynn.router.table.Target;
import dev.flynn.router.tls.JdkTls;
import dev.flynn.router.tls.ServerCertificates;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouteTable.Backend;
import dev.flynn.spi.router.RouteTable.Certificate;
import io.netty.handler.ssl.SslContext;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;

/** A table that is made from the one before is the one that would be made from nothing. */
class TableCompilerTest {

    private static final Entrance OWN = new Entrance(80, true);
    private static final Nonces NONCES = new Nonces(new byte[32], System::currentTimeMillis);
    private static final int STEPS = 200;

    private final Meters meters = new Meters(1);

    static List<Long> seeds() {
        return IntStream.range(0, 20).mapToLong(i -> 1000 + i).boxed().toList();
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void afterAnyChangesEveryRequestFindsWhatItWouldFind(long seed) {
        var random = new Random(seed);
        List<HttpRoute> routes = new ArrayList<>();
        Map<String, List<Backend>> backends = new HashMap<>();
        RoutingTable table = RoutingTable.EMPTY;
        for (int step = 0; step < STEPS; step++) {
            change(random, routes, backends);
            RouteTable source = new RouteTable(routes, List.of(), backends);

            table = compile(source, table);

            RoutingTable anew = compile(source, RoutingTable.EMPTY);
            for (String domain : List.of("a", "b", "c.d", "x.c.d", "zz")) {
                for (String path : List.of("/", "/p/", "/p/q")) {
                    assertThat(found(table, domain, path))
                            .as("%s%s after step %d", domain, path, step)
                            .isEqualTo(found(anew, domain, path));
                }
            }
        }
    }

    private static void change(Random random, List<HttpRoute> routes, Map<String, List<Backend>> backends) {
        for (int i = random.nextInt(3); i >= 0; i--) {
            switch (random.nextInt(5)) {
                case 0, 1 -> routes.add(random.nextInt(routes.size() + 1), route(random));
                case 2 -> {
                    if (!routes.isEmpty()) {
                        routes.remove(random.nextInt(routes.size()));
                    }
                }
                case 3 -> {
                    if (!routes.isEmpty()) {
                        routes.set(random.nextInt(routes.size()), route(random));
                    }
                }
                default -> {
                    String service = "s" + random.nextInt(3);
                    List<Backend> some = IntStream.range(0, random.nextInt(3))
                            .mapToObj(n -> new Backend("127.0.0.1:" + (1 + random.nextInt(4)), n == 0))
                            .distinct()
                            .toList();
                    if (some.isEmpty() && random.nextBoolean()) {
                        backends.remove(service);
                    } else {
                        backends.put(service, some);
                    }
                }
            }
        }
    }

    private static HttpRoute route(Random random) {
        HttpRoute.Builder builder = HttpRoute.to(
                        List.of("a", "B", "*.c.d", "*").get(random.nextInt(4)), "s" + random.nextInt(3))
                .path(List.of("/", "/p/", "/p/q/").get(random.nextInt(3)))
                .sticky(random.nextBoolean())
                .leaderOnly(random.nextBoolean());
        if (random.nextInt(3) == 0) {
            builder.policy(
                    RoutePolicy.builder().maxBodyBytes(1L + random.nextInt(2)).build());
        }
        if (random.nextInt(3) == 0) {
            builder.target("s3", 1);
        }
        return builder.build();
    }

    /** All that decides about a request. */
    private static String found(RoutingTable table, String domain, String path) {
        Target target = table.find(OWN, domain, Ascii.bytes(path), 0, path.length());
        if (target == null) {
            return "nothing";
        }
        List<String> options = target.options().stream()
                .map(option -> option.service() + "=" + addresses(option.backends()) + option.weight())
                .toList();
        Gate gate = target.gate();
        return target.id() + options + target.sticky() + (gate == null ? "" : gate.maxBodyBytes());
    }

    private static List<String> addresses(BackendSet set) {
        return IntStream.range(1, 5)
                .mapToObj(port -> set.named("127.0.0.1:" + port, List.of()))
                .filter(backend -> backend != null)
                .map(dev.flynn.router.table.Backend::addr)
                .toList();
    }

    @Test
    void whatNothingChangedForStaysTheSameObject() {
        RoutingTable before = compile(table("a", "b"), RoutingTable.EMPTY);
        List<HttpRoute> routes = new ArrayList<>(before.source().routes());
        routes.add(HttpRoute.to("c", "s").build());

        RoutingTable after =
                compile(new RouteTable(routes, List.of(), before.source().backends()), before);

        assertThat(target(after, "a")).isNotNull().isSameAs(target(before, "a"));
        assertThat(after.retiredBy(before)).isEmpty();
        assertThat(after.metersGoneIn(before)).hasSize(1);
    }

    @Test
    void aRouteThatIsReplacedGoesOnCounting() {
        RoutingTable before = compile(table("a"), RoutingTable.EMPTY);
        HttpRoute changed = HttpRoute.to("a", "other").build();

        RoutingTable after = compile(new RouteTable(List.of(changed), List.of(), Map.of()), before);

        assertThat(target(after, "a").meter()).isSameAs(target(before, "a").meter());
        assertThat(target(after, "a").options().get(0).service().name()).isEqualTo("other");
        assertThat(before.metersGoneIn(after)).isEmpty();
    }

    @Test
    void aCertificateThatCouldNotBeUsedIsTriedAgain() {
        Certificate certificate = TestCertificates.named("a");
        RouteTable source = RouteTable.builder()
                .route(HttpRoute.to("a", "s").certificate(certificate))
                .build();
        RoutingTable before = RoutingTable.compile(
                source,
                RoutingTable.EMPTY,
                meters,
                refused -> {
                    throw FlynnException.invalid("not yet valid");
                },
                policy -> new Gate(policy, NONCES));
        assertThat(before.problems()).hasSize(1);

        RoutingTable after = compile(source, before);

        assertThat(after.problems()).isEmpty();
        assertThat(after.tls(OWN, "a")).isPresent();
    }

    @Test
    void aCertificateThatCannotBeUsedIsToldOnce() {
        Certificate ofAnother = new Certificate(
                TestCertificates.named("a").chain(), TestCertificates.named("b").key());
        RouteTable source = RouteTable.builder()
                .route(HttpRoute.to("a", "s").certificate(ofAnother))
                .build();
        var told = new ListAppender<ILoggingEvent>();
        told.start();
        var log = (Logger) LoggerFactory.getLogger("dev.flynn.router.table.TableCompiler");
        log.addAppender(told);
        try {
            RoutingTable first = compile(source, RoutingTable.EMPTY);
            RoutingTable second = compile(source, first);

            assertThat(second.problems()).hasSize(1).isEqualTo(first.problems());
            assertThat(told.list).hasSize(1);
        } finally {
            log.detachAppender(told);
        }
    }

    /** On an idle machine it takes a tenth of what is allowed here; from nothing it takes several times as much. */
    @Test
    void aChangeOfOneOfAHundredThousandRoutesTakesLittle() {
        int count = 100_000;
        Map<String, List<Backend>> backends = new HashMap<>();
        for (int i = 0; i < 10_000; i++) {
            backends.put("s" + i, List.of(new Backend("10.0.%d.%d:80".formatted(i / 250, i % 250), false)));
        }
        List<HttpRoute> routes = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            routes.add(
                    HttpRoute.to("app" + i + ".example.org", "s" + i % 10_000).build());
        }
        RoutingTable table = compile(new RouteTable(routes, List.of(), backends), RoutingTable.EMPTY);
        List<Long> millis = new ArrayList<>();
        for (int round = 0; round < 15; round++) {
            routes.set(
                    round, HttpRoute.to("app" + round + ".example.org", "s9999").build());
            backends.put("s5", List.of(new Backend("10.1.0.%d:80".formatted(round), false)));
            RouteTable source = new RouteTable(routes, List.of(), backends);
            long before = cpuNanos();
            table = compile(source, table);
            millis.add((cpuNanos() - before) / 1_000_000);
        }

        assertThat(millis.stream().sorted().skip(7).findFirst().orElseThrow())
                .as("milliseconds of CPU, of %s", millis)
                .isLessThan(400);
        assertThat(target(table, "app14.example.org").options().get(0).service().name())
                .isEqualTo("s9999");
    }

    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static RouteTable table(String... domains) {
        RouteTable.Builder builder = RouteTable.builder().backends("s", "127.0.0.1:1");
        for (String domain : domains) {
            builder.route(HttpRoute.to(domain, "s"));
        }
        return builder.build();
    }

    private RoutingTable compile(RouteTable source, RoutingTable previous) {
        return RoutingTable.compile(
                source, previous, meters, TableCompilerTest::load, policy -> new Gate(policy, NONCES));
    }

    private static SslContext load(Certificate certificate) {
        return ServerCertificates.load(certificate, new JdkTls());
    }

    private static @Nullable Target target(RoutingTable table, String domain) {
        return table.find(OWN, domain, Ascii.bytes("/"), 0, 1);
    }
}
