package dev.flynn.dns;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.base.Closer;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.store.MemoryClusterStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.TextParseException;

/** A server on any free port, asked by dnsjava's resolver, which knows nothing of ours. */
final class TestDns implements AutoCloseable {

    static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private final Closer closer = new Closer();
    final StoreDiscovery discovery = StoreDiscovery.builder(closer.register(new MemoryClusterStore()))
            .ttl(Duration.ofMinutes(10))
            .build();
    final DnsServer server;

    TestDns() {
        this(Recursors.NONE);
    }

    TestDns(Recursors recursors) {
        closer.register(discovery);
        server = closer.register(DnsServer.builder(discovery, new InetSocketAddress("127.0.0.1", 0))
                .recursors(recursors)
                .recursorPatience(Duration.ofMillis(300))
                .clock(Clock.fixed(NOW, ZoneOffset.UTC))
                .start());
    }

    Instance register(String service, String proto, String addr) {
        if (!discovery.services().contains(service)) {
            discovery.createService(service, LeaderType.OLDEST);
        }
        return discovery.register(service, Instance.of(proto, addr, Map.of()));
    }

    SimpleResolver resolver() {
        var resolver = new SimpleResolver(server.address());
        resolver.setTimeout(Duration.ofSeconds(20));
        resolver.setEDNS(-1);
        resolver.setIgnoreTruncation(true);
        return resolver;
    }

    Message ask(String name, int type) {
        return ask(resolver(), name, type);
    }

    Message askOverTcp(String name, int type) {
        SimpleResolver resolver = resolver();
        resolver.setTCP(true);
        return ask(resolver, name, type);
    }

    static Message ask(SimpleResolver resolver, String name, int type) {
        try {
            return resolver.send(Message.newQuery(Record.newRecord(Name.fromString(name + "."), type, DClass.IN)));
        } catch (TextParseException e) {
            throw new IllegalArgumentException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The data of the records of a section, without owner, time to live and type. */
    static List<String> data(Message answer, int section) {
        return answer.getSection(section).stream().map(Record::rdataToString).toList();
    }

    static Set<String> answers(Message answer) {
        return data(answer, Section.ANSWER).stream().collect(Collectors.toCollection(TreeSet::new));
    }

    @Override
    public void close() {
        closer.close();
    }
}
