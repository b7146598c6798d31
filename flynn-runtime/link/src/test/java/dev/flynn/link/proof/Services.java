package dev.flynn.link.proof;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.discovery.ServiceMeta;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.discovery.Discovery;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** Changes services in every way there is, for those who watch them. */
final class Services {

    static final String OLDEST = "oldest";
    static final String MANUAL = "manual";

    /** All that are watched. */
    static final List<String> WATCHED = List.of(Candidate.SERVICE, OLDEST, MANUAL);

    private static final int NUMBER_OF_ADDRESSES = 6;
    private static final int LONGEST_PAUSE_MILLIS = 80;

    /** What others may have come before with: it is refused, and something else is done next. */
    private static final Set<ErrorCode> REFUSALS = Set.of(
            ErrorCode.OBJECT_NOT_FOUND, ErrorCode.OBJECT_EXISTS, ErrorCode.PRECONDITION_FAILED, ErrorCode.VALIDATION);

    private final Discovery discovery;
    private final Random random;

    Services(Discovery discovery, long seed) {
        this.discovery = discovery;
        this.random = new Random(seed);
    }

    static void create(Discovery discovery) {
        unlessRefused(() -> discovery.createService(Candidate.SERVICE, LeaderType.OLDEST));
        unlessRefused(() -> discovery.createService(OLDEST, LeaderType.OLDEST));
        unlessRefused(() -> discovery.createService(MANUAL, LeaderType.MANUAL));
    }

    void step() throws InterruptedException {
        unlessRefused(() -> change(random.nextBoolean() ? OLDEST : MANUAL));
        Thread.sleep(random.nextInt(LONGEST_PAUSE_MILLIS));
    }

    private void change(String service) {
        Instance instance = instance();
        switch (random.nextInt(16)) {
            case 0, 1, 2, 3 -> discovery.deregister(service, instance.id());
            case 4, 5 -> discovery.setLeader(MANUAL, instance.id());
            case 6 -> discovery.setMeta(service, nextMeta(service));
            case 7 -> discovery.setMetaAndLeader(MANUAL, nextMeta(MANUAL), instance.id());
            case 8 -> replace(service);
            default -> discovery.register(service, instance);
        }
    }

    private Instance instance() {
        return Instance.of(
                "tcp",
                "192.0.2.1:" + (1 + random.nextInt(NUMBER_OF_ADDRESSES)),
                Map.of("weight", String.valueOf(random.nextInt(3))));
    }

    private ServiceMeta nextMeta(String service) {
        return new ServiceMeta(
                "{\"n\":%d}".formatted(random.nextInt(1000)),
                discovery.meta(service).map(ServiceMeta::index).orElse(0L));
    }

    private void replace(String service) {
        if (random.nextInt(4) == 0) {
            discovery.removeService(service);
        }
        create(discovery);
    }

    /** Writes something into the metadata of each service, by which a watch is known to have come so far. */
    static void mark(Discovery discovery, String mark) {
        create(discovery);
        for (String service : WATCHED) {
            long index = discovery.meta(service).map(ServiceMeta::index).orElse(0L);
            discovery.setMeta(service, new ServiceMeta("\"" + mark + "\"", index));
        }
    }

    private static void unlessRefused(Runnable change) {
        try {
            change.run();
        } catch (FlynnException e) {
            if (!REFUSALS.contains(e.code())) {
                throw e;
            }
        }
    }
}
