package dev.flynn.link.proof;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.identity.HostCredentials;
import dev.flynn.identity.HostIdentity;
import dev.flynn.identity.IdentityFiles;
import dev.flynn.identity.RemovedHosts;
import dev.flynn.json.FlynnJson;
import dev.flynn.link.HostLink;
import dev.flynn.link.store.LinkPeerTransport;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.store.RatisClusterStore;
import dev.flynn.store.StorePeer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

/**
 * One host as a process of its own: its link, its replica of the store, discovery on it, and all who use them and tell what they
 * see. It does what it reads from its standard input, and ends with that.
 */
final class HostMain {

    private static final int CLIENTS = 3;
    private static final int LINK_PORT = 1112;
    private static final int LOOK_MILLIS = 10;
    private static final String LAST = "last";
    /** A prefix that no key has. */
    private static final String NOTHING = "nothing/";

    private final HostPlan plan;
    private final Journal journal;
    private final RatisClusterStore store;
    private final Workers users;
    private final Workers storeWatchers;
    private final Workers serviceWatchers;
    private final StoreWatch everything;
    private final StoreWatch registers;
    private final List<ServiceWatch> services = new ArrayList<>();
    private boolean led;

    public static void main(String[] arguments) {
        PrintStream out = System.out;
        // whoever logs does so there
        System.setOut(System.err);
        var journal = new Journal(out);
        try {
            var commands = new ArrayBlockingQueue<String>(10);
            new Thread(() -> read(commands), "commands").start();
            new HostMain(HostPlan.parse(arguments), journal).obey(commands);
        } catch (Throwable e) {
            e.printStackTrace();
            journal.tell("broken", "main", e);
            Runtime.getRuntime().halt(1);
        }
    }

    /** Who started this host may go at any time, and the host goes with it. */
    private static void read(BlockingQueue<String> commands) {
        try (var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            lines.lines().forEach(commands::add);
        } catch (IOException | UncheckedIOException gone) {
            // as if it had ended
        }
        Runtime.getRuntime().halt(0);
    }

    private HostMain(HostPlan plan, Journal journal) {
        this.plan = plan;
        this.journal = journal;
        this.users = new Workers(journal);
        this.storeWatchers = new Workers(journal);
        this.serviceWatchers = new Workers(journal);
        journal.tell("began", System.nanoTime());
        this.store = openStore();
        this.everything = new StoreWatch(store, "", plan.seenUntil(), journal, seedOf("everything"));
        this.registers = new StoreWatch(store, RegisterClient.KEYS, 0, journal, seedOf("registers"));
    }

    private long seedOf(String part) {
        return plan.seed() * 31 + (plan.id() + plan.life() + part).hashCode();
    }

    private RatisClusterStore openStore() {
        var files = new IdentityFiles(plan.directory().resolve("identity"));
        HostIdentity identity = files.load(Instant.now()).orElseThrow();
        HostLink link = HostLink.builder(new HostCredentials(identity, new RemovedHosts(files), Clock.systemUTC()))
                .listen(new InetSocketAddress(plan.address(), LINK_PORT))
                .build();
        List<StorePeer> peers = plan.addresses().entrySet().stream()
                .map(host -> new StorePeer(host.getKey(), host.getValue() + ":" + LINK_PORT))
                .toList();
        return RatisClusterStore.builder(plan.directory().resolve("store"))
                .cluster(identity.clusterId())
                .peer(new StorePeer(plan.id(), link.advertisedAddress()), new LinkPeerTransport(link))
                .found(peers)
                .patience(plan.patience())
                .snapshotEvery(plan.snapshotEvery())
                .build();
    }

    private void obey(BlockingQueue<String> commands) throws InterruptedException {
        storeWatchers.start("leader", this::tellWhetherItLeads);
        storeWatchers.start("watch-everything", everything::step);
        storeWatchers.start("watch-registers", registers::step);
        StoreDiscovery discovery = openDiscovery();
        startUsers(discovery);
        journal.tell("ready");
        while (true) {
            String command = commands.take();
            switch (command) {
                case "finish" -> finish();
                case "mark" -> mark(discovery);
                case "settle" -> settle();
                default -> throw new IllegalArgumentException(command);
            }
        }
    }

    private void tellWhetherItLeads() throws InterruptedException {
        if (store.isLeader() != led) {
            led = !led;
            journal.tell("leader", led);
        }
        Thread.sleep(LOOK_MILLIS);
    }

    private StoreDiscovery openDiscovery() throws InterruptedException {
        var opened = new AtomicReference<StoreDiscovery>();
        untilAvailable(() -> opened.set(
                StoreDiscovery.builder(store).member(plan.id()).ttl(plan.ttl()).build()));
        untilAvailable(() -> Services.create(opened.get()));
        return opened.get();
    }

    private void startUsers(StoreDiscovery discovery) {
        for (int i = 1; i <= CLIENTS; i++) {
            var client = new RegisterClient(
                    "%s.%d.%d".formatted(plan.id(), plan.life(), i),
                    store,
                    plan.sabotaged() ? Consistency.STALE : Consistency.LINEARIZABLE,
                    journal,
                    seedOf("client" + i));
            users.start("client-" + i, client::step);
        }
        // another address in each life, so that the one before has to expire
        var candidate = new Candidate(
                discovery,
                plan.address() + ":" + (1000 + plan.life()),
                plan.sabotaged() ? plan.ttl().multipliedBy(3) : Duration.ZERO,
                journal,
                seedOf("candidate"));
        users.start("candidate", candidate::step);
        var turns = new Turns(new ClusterState(store, new FlynnJson(), Clock.systemUTC()), plan.id());
        users.start("turns", turns::step);
        var changes = new Services(discovery, seedOf("services"));
        users.start("services", changes::step);
        Stream.concat(Services.WATCHED.stream(), Stream.of(Discovery.EVERYTHING))
                .map(service -> new ServiceWatch(discovery, service, journal, seedOf("watch")))
                .forEach(services::add);
        services.forEach(watch -> serviceWatchers.start("watch-service", watch::step));
    }

    /** No user does anything any more after this. */
    private void finish() throws InterruptedException {
        users.stop();
        services.forEach(ServiceWatch::settle);
        untilAvailable(() -> RegisterClient.tellList(store, "", Consistency.LINEARIZABLE, journal));
        untilAvailable(() -> RegisterClient.tellList(store, "", Consistency.STALE, journal));
        journal.tell("finished");
    }

    /** Changes something that every watch must come to see. */
    private void mark(Discovery discovery) throws InterruptedException {
        untilAvailable(() -> Services.mark(discovery, LAST));
        // the same one, however often it is asked for
        Transaction last =
                Transaction.builder().put(RegisterClient.KEYS + LAST, LAST).build();
        untilAvailable(() -> store.commit(last));
        journal.tell("marked");
    }

    /** Waits until every watch has seen that, and until all that was told of services was told of the store too. */
    private void settle() throws InterruptedException {
        while (!services.stream().allMatch(watch -> watch.hasSeen(LAST))) {
            Thread.sleep(LOOK_MILLIS);
        }
        services.forEach(ServiceWatch::end);
        serviceWatchers.stop();
        var last = new AtomicLong();
        untilAvailable(() ->
                last.set(store.get(RegisterClient.KEYS + LAST).orElseThrow().modRevision()));
        var newest = new AtomicLong();
        untilAvailable(() -> newest.set(store.list(NOTHING).revision()));
        while (registers.seenUntil() < last.get() || everything.seenUntil() < newest.get()) {
            Thread.sleep(LOOK_MILLIS);
        }
        journal.tell("settled");
    }

    private static void untilAvailable(Runnable action) throws InterruptedException {
        while (true) {
            try {
                action.run();
                return;
            } catch (FlynnException e) {
                if (e.code() != ErrorCode.SERVICE_UNAVAILABLE) {
                    throw e;
                }
                Thread.sleep(LOOK_MILLIS);
            }
        }
    }
}
