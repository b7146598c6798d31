package dev.flynn.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.discovery.ServiceMeta;
import dev.flynn.api.error.FlynnException;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.store.MemoryClusterStore;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HttpSireniaApplianceTest {

    private final MemoryClusterStore store = new MemoryClusterStore();
    private final Discovery discovery = StoreDiscovery.builder(store).build();
    private final HttpSireniaAppliance appliance =
            new HttpSireniaAppliance(discovery, new ClusterHttp(discovery), "postgres");
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private HttpServer server;
    private volatile String status = "{}";
    private volatile int stopStatus = 200;
    private Instance member;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            String request = exchange.getRequestMethod() + " " + exchange.getRequestURI();
            requests.add(request);
            byte[] body = status.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(request.equals("POST /stop") ? stopStatus : 200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        discovery.createService("postgres", LeaderType.MANUAL);
        // the API is one port above the database
        member = Instance.of(
                "tcp",
                "127.0.0.1:" + (server.getAddress().getPort() - 1),
                Map.of("POSTGRES_ID", "p1", "FLYNN_RELEASE_ID", "r1", "FLYNN_JOB_ID", "host1-1"));
        discovery.register("postgres", member);
    }

    @AfterEach
    void stop() throws Exception {
        server.stop(0);
        discovery.close();
        store.close();
    }

    private SireniaPeer peer() {
        return appliance.peers().get(0);
    }

    @Test
    void membersAreThoseOfTheService() {
        assertThat(appliance.peers())
                .containsExactly(new SireniaPeer(member.id(), "p1", member.addr(), "r1", "host1-1"));
    }

    @Test
    void theChainIsInTheMetadataOfTheService() {
        assertThat(appliance.chain()).isEmpty();
        discovery.setMeta("postgres", new ServiceMeta("{\"a\":\"done\"}", 0));
        assertThat(appliance.chain()).isEmpty();

        String instance = "{\"id\":\"%s\",\"addr\":\"%s\",\"proto\":\"tcp\",\"meta\":{\"POSTGRES_ID\":\"p1\"}}"
                .formatted(member.id(), member.addr());
        long index = discovery.meta("postgres").orElseThrow().index();
        discovery.setMeta(
                "postgres",
                new ServiceMeta(
                        "{\"generation\":4,\"init_wal\":\"0/0\",\"primary\":%s,\"sync\":%s,\"async\":[%s]}"
                                .formatted(instance, instance, instance),
                        index));

        SireniaAppliance.Chain chain = appliance.chain().orElseThrow();
        assertThat(chain.primary().peer()).isEqualTo("p1");
        assertThat(chain.sync()).isPresent();
        assertThat(chain.asyncs()).hasSize(1);
        assertThat(chain.singleton()).isFalse();
    }

    @Test
    void aMemberSaysWhatItHasUnderTheKeyOfEitherVersion() {
        for (String key : List.of("postgres", "database")) {
            status = "{\"peer\":{},\"%s\":{\"read_write\":true,\"synced_downstream\":{\"id\":\"p2\"}}}".formatted(key);
            assertThat(appliance.status(peer())).hasValue(new SireniaAppliance.Status(true, "p2"));
        }
        status = "{\"peer\":{},\"postgres\":{\"running\":false}}";
        assertThat(appliance.status(peer())).hasValue(new SireniaAppliance.Status(false, ""));

        SireniaPeer known = peer();
        server.stop(0);
        assertThat(appliance.status(known)).isEmpty();
    }

    @Test
    void stoppingAMemberThatIsGoneIsDoneAlready() {
        SireniaPeer known = peer();
        appliance.stop(known);
        assertThat(requests).containsExactly("POST /stop");

        stopStatus = 500;
        assertThatThrownBy(() -> appliance.stop(known))
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining(known.addr());

        discovery.deregister("postgres", known.id());
        appliance.stop(known);
        assertThat(requests).hasSize(2);
    }
}
