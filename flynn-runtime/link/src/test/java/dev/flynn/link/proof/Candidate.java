package dev.flynn.link.proof;

import dev.flynn.api.discovery.Instance;
import dev.flynn.spi.discovery.Discovery;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;

/**
 * One who leads a service while he is its oldest instance. From the moment at which he was told that he is, he leads until the
 * time to live has passed since the beginning of his last heartbeat: before that nobody may expire him (DI-4, DI-13), and who
 * is not gone stays the oldest (DI-3, DI-6).
 */
final class Candidate {

    static final String SERVICE = "leaders";

    private static final int HEARTBEATS_PER_TTL = 5;
    private static final int FEWEST_HEARTBEATS = 5;
    private static final int MOST_HEARTBEATS = 25;

    private final Discovery discovery;
    private final Instance self;
    private final Duration boast;
    private final Journal journal;
    private final Random random;
    private OptionalLong ledAs = OptionalLong.empty();
    private long since;
    private int heartbeatsUntilHeResigns;

    /** @param boast how much longer he says that he leads than he has a right to: zero, if he is honest */
    Candidate(Discovery discovery, String address, Duration boast, Journal journal, long seed) {
        this.discovery = discovery;
        this.self = Instance.of("http", address, Map.of());
        this.boast = boast;
        this.journal = journal;
        this.random = new Random(seed ^ address.hashCode());
    }

    void step() throws InterruptedException {
        long began = System.nanoTime();
        Instance registered = discovery.register(SERVICE, self);
        if (ledAs.isEmpty() || ledAs.getAsLong() != registered.index()) {
            ledAs = discovery
                    .leader(SERVICE)
                    .filter(leader -> leader.id().equals(self.id()) && leader.index() == registered.index())
                    .map(leader -> OptionalLong.of(leader.index()))
                    .orElse(OptionalLong.empty());
            since = System.nanoTime();
            heartbeatsUntilHeResigns = random.nextInt(FEWEST_HEARTBEATS, MOST_HEARTBEATS);
        }
        if (ledAs.isPresent()) {
            long until = began + discovery.ttl().plus(boast).toNanos();
            journal.tell("leads", self.id(), ledAs.getAsLong(), since, until);
            if (--heartbeatsUntilHeResigns == 0) {
                resign(ledAs.getAsLong());
            }
        }
        Thread.sleep(discovery.ttl().toMillis() / HEARTBEATS_PER_TTL);
    }

    private void resign(long index) {
        ledAs = OptionalLong.empty();
        if (boast.isZero()) {
            journal.tell("resigns", self.id(), index, System.nanoTime());
        }
        discovery.deregister(SERVICE, self.id());
    }
}
