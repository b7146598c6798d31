package dev.flynn.dns;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/** Answers what is asked below {@code discoverd.} (contract: layer 0, DNS server). */
final class Zone {

    static final String NAME = "discoverd";

    /** How many instances an answer over UDP has. */
    static final int UDP_INSTANCES = 3;

    private static final String LEADER = "leader";
    private static final String INSTANCES = "_i";

    private final ServiceDirectory services;
    private final Clock clock;

    Zone(ServiceDirectory services, Clock clock) {
        this.services = services;
        this.clock = clock;
    }

    static boolean contains(Query query) {
        return query.fromEnd(0).equals(NAME);
    }

    /**
     * What a name leads to.
     *
     * @param single whether the name is that of one instance, which then is its own target
     */
    private record Found(String service, Endpoints endpoints, boolean single) {

        static Found one(String service, Endpoint endpoint) {
            return new Found(service, Endpoints.of(List.of(endpoint)), true);
        }
    }

    void answer(Query query, Reply reply, boolean tcp) {
        Optional<Found> found = find(query);
        boolean isOrigin = query.labels().size() == 1;
        if (found.isEmpty() && !isOrigin) {
            reply.code(Wire.NAME_ERROR);
        } else if (query.type() == Wire.TYPE_SOA) {
            reply.answerZone(serial());
        } else if (found.isPresent()) {
            answer(query, found.get(), reply, tcp);
        }
        if (reply.answers() == 0) {
            reply.authorityZone(serial());
        }
    }

    /** Empty if there is no such name. */
    private Optional<Found> find(Query query) {
        return switch (query.labels().size()) {
            case 2 ->
                services.find(query.fromEnd(1)).map(entry -> new Found(query.fromEnd(1), entry.endpoints(), false));
            case 3 -> findByTwo(query.fromEnd(2), query.fromEnd(1));
            case 4 ->
                query.fromEnd(1).equals(INSTANCES)
                        ? services.find(query.fromEnd(2))
                                .flatMap(entry -> entry.find(query.fromEnd(3)))
                                .map(one -> Found.one(query.fromEnd(2), one))
                        : Optional.empty();
            default -> Optional.empty();
        };
    }

    private Optional<Found> findByTwo(String first, String second) {
        if (first.equals(LEADER)) {
            return services.find(second)
                    .flatMap(entry -> services.leader(second, entry))
                    .map(leader -> Found.one(second, leader));
        }
        if (!first.startsWith("_") || !second.startsWith("_")) {
            return Optional.empty();
        }
        String service = first.substring(1);
        String proto = second.substring(1);
        return services.find(service)
                .map(entry -> new Found(
                        service,
                        Endpoints.of(entry.endpoints().all().stream()
                                .filter(one -> one.proto().equals(proto))
                                .toList()),
                        false));
    }

    private void answer(Query query, Found found, Reply reply, boolean tcp) {
        int most = tcp ? Integer.MAX_VALUE : UDP_INSTANCES;
        Endpoints endpoints = found.endpoints();
        switch (query.type()) {
            case Wire.TYPE_A -> addresses(endpoints.ipv4(), most, reply);
            case Wire.TYPE_AAAA -> addresses(endpoints.ipv6(), most, reply);
            case Wire.TYPE_SRV -> services(query, found, endpoints.all(), most, reply, tcp);
            case Wire.TYPE_ANY -> {
                addresses(endpoints.distinct(), most, reply);
                services(query, found, endpoints.distinct(), most, reply, tcp);
            }
            default -> {
                // the name exists, this type does not
            }
        }
    }

    private static void addresses(List<Endpoint> endpoints, int most, Reply reply) {
        for (Endpoint endpoint : some(endpoints, most)) {
            reply.answerAddress(endpoint.address());
        }
    }

    private static void services(
            Query query, Found found, List<Endpoint> endpoints, int most, Reply reply, boolean tcp) {
        List<Endpoint> chosen = some(endpoints, most);
        int[] targets = new int[chosen.size()];
        for (int i = 0; i < targets.length; i++) {
            Endpoint endpoint = chosen.get(i);
            byte[] target = found.single()
                    ? name(query.labels())
                    : name(List.of(endpoint.id(), found.service(), INSTANCES, NAME));
            targets[i] = reply.answerService(endpoint.port(), target);
        }
        if (tcp) {
            for (int i = 0; i < targets.length; i++) {
                byte[] address = chosen.get(i).address();
                if (address.length > 0) {
                    reply.additionalAddress(targets[i], address);
                }
            }
        }
    }

    /** So many at most, in an order that is another each time. */
    private static List<Endpoint> some(List<Endpoint> endpoints, int most) {
        int size = endpoints.size();
        if (size < 2) {
            return endpoints;
        }
        if (most >= size) {
            List<Endpoint> shuffled = new ArrayList<>(endpoints);
            Collections.shuffle(shuffled, ThreadLocalRandom.current());
            return shuffled;
        }
        // few of perhaps very many: drawn, not shuffled
        Set<Endpoint> drawn = new LinkedHashSet<>();
        while (drawn.size() < most) {
            drawn.add(endpoints.get(ThreadLocalRandom.current().nextInt(size)));
        }
        return List.copyOf(drawn);
    }

    private static byte[] name(List<String> labels) {
        var bytes = new ByteArrayOutputStream(64);
        for (String label : labels) {
            byte[] text = label.getBytes(StandardCharsets.ISO_8859_1);
            bytes.write(text.length);
            bytes.write(text, 0, text.length);
        }
        bytes.write(0);
        return bytes.toByteArray();
    }

    private long serial() {
        return clock.instant().getEpochSecond();
    }
}
