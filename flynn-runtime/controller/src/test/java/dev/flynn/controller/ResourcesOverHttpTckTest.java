package dev.flynn.controller;

import dev.flynn.api.error.FlynnException;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.json.FlynnJson;
import dev.flynn.resource.http.ResourceProviderServer;
import dev.flynn.spi.resource.ResourceProvider;
import dev.flynn.spi.resource.ResourceRequest;
import dev.flynn.store.MemoryClusterStore;
import dev.flynn.tck.resource.Fault;
import dev.flynn.tck.resource.ResourceClient;
import dev.flynn.tck.resource.ResourceProviderTck;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;

/** A provider keeps its promises through both ends of the HTTP protocol: {@link HttpResourceProvider} asks, the server answers. */
class ResourcesOverHttpTckTest extends ResourceProviderTck {

    private static final String PREFIX = "/vaults/";

    private final Map<String, Vault> vaults = new ConcurrentHashMap<>();
    private volatile Optional<Fault> fault = Optional.empty();
    private final MemoryClusterStore store = new MemoryClusterStore();
    private final StoreDiscovery discovery = StoreDiscovery.builder(store).build();

    /** Keeps one value behind a password. */
    private static final class Vault {

        final String password;
        volatile Optional<String> value = Optional.empty();

        Vault(String password) {
            this.password = password;
        }
    }

    /** What is served. */
    private final class Vaults implements ResourceProvider {

        @Override
        public Provisioned provision(ResourceRequest request) {
            request.requireOnly("size");
            request.number("size", 1, 10);
            requireNo(Fault.AWAY);
            requireNo(Fault.HALFWAY);
            String name = hash("name " + request.id());
            String password = hash("password " + request.id());
            vaults.putIfAbsent(name, new Vault(password));
            return new Provisioned(PREFIX + name, Map.of("VAULT", name, "VAULT_PASSWORD", password));
        }

        @Override
        public void deprovision(String externalId) {
            requireNo(Fault.AWAY);
            if (!externalId.startsWith(PREFIX)) {
                throw FlynnException.invalidField("id", "is invalid");
            }
            vaults.remove(externalId.substring(PREFIX.length()));
        }

        @Override
        public void ping() {
            requireNo(Fault.AWAY);
        }

        private void requireNo(Fault wrong) {
            if (fault.equals(Optional.of(wrong))) {
                throw FlynnException.unavailable("the vaults are " + wrong, null);
            }
        }
    }

    private static String hash(String text) {
        return UUID.nameUUIDFromBytes(text.getBytes(StandardCharsets.UTF_8)).toString();
    }

    @AfterEach
    void stop() {
        discovery.close();
        store.close();
    }

    /** Both ends of the protocol, which end together. */
    private record BothEnds(ResourceProvider client, ResourceProviderServer server) implements ResourceProvider {

        @Override
        public Provisioned provision(ResourceRequest request) {
            return client.provision(request);
        }

        @Override
        public void deprovision(String externalId) {
            client.deprovision(externalId);
        }

        @Override
        public void ping() {
            client.ping();
        }

        @Override
        public void close() {
            server.close();
        }
    }

    @Override
    protected ResourceProvider openProvider() {
        try {
            ResourceProviderServer server = ResourceProviderServer.start(
                    new Vaults(), new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), "/vaults");
            URI url = URI.create("http://127.0.0.1:" + server.port() + "/vaults");
            var client = new HttpResourceProvider("vaults", url, new ClusterHttp(discovery), new FlynnJson());
            return new BothEnds(client, server);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    protected ResourceClient connect(Map<String, String> env) {
        return new ResourceClient() {

            private Vault open() {
                return Optional.ofNullable(vaults.get(env.get("VAULT")))
                        .filter(vault -> vault.password.equals(env.get("VAULT_PASSWORD")))
                        .orElseThrow(() -> new IllegalStateException("access denied"));
            }

            @Override
            public void write(String value) {
                open().value = Optional.of(value);
            }

            @Override
            public Optional<String> read() {
                return open().value;
            }

            @Override
            public void close() {}
        };
    }

    @Override
    protected Set<String> existing() {
        return Set.copyOf(vaults.keySet());
    }

    @Override
    protected Map<String, Map<String, Object>> wrongSettings() {
        return Map.of("size", Map.of("size", "s3cret"));
    }

    @Override
    protected Optional<AutoCloseable> inject(Fault wrong) {
        fault = Optional.of(wrong);
        return Optional.of(() -> fault = Optional.empty());
    }
}
