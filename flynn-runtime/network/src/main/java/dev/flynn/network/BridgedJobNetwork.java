package dev.flynn.network;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.JobId;
import dev.flynn.base.NamedThreads;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Networks of jobs on one bridge. One thread makes them ahead, so that a job takes one that is ready; another takes those of
 * ended jobs away, many at once, because the kernel takes its time for it however many there are.
 */
final class BridgedJobNetwork implements JobNetwork, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(BridgedJobNetwork.class);

    /** Few, so that who waits for one does not wait for many. */
    private static final int MADE_AT_ONCE = 4;

    /** What ends together is cleaned up together, which costs hardly more than one. */
    private static final Duration LINGER = Duration.ofMillis(200);

    private final HostNetworkConfig config;
    private final Commands commands;
    private final JobDirectory directory;
    private final Veth veth;
    private final List<Thread> threads = new ArrayList<>();

    private final Object lock = new Object();
    private final AddressPool pool;
    private final Map<JobId, Integer> owners = new HashMap<>();

    /** Jobs that some thread is opening. */
    private final Set<JobId> opening = new HashSet<>();

    private final Deque<Integer> spares = new ArrayDeque<>();

    /** Networks that nobody has any more, and that are to be taken away. */
    private final Set<Integer> left = new HashSet<>();

    /** Those that could not be taken away; tried again with the next. */
    private final Set<Integer> stuck = new HashSet<>();

    /** Who waits for a network, in the order in which they came. */
    private final Deque<JobId> waiting = new ArrayDeque<>();

    /** Networks that are being taken away. */
    private Set<Integer> cleaning = Set.of();

    /** Why no more jobs may have a network; null if they may. */
    private @Nullable String refusal;

    /** How many wait for one certain address that nobody has any more. */
    private int hurrying;

    private long failures;
    private @Nullable Exception lastFailure;

    /** After a failure nothing is made until somebody wants it. */
    private boolean resting;

    private boolean closed;

    private BridgedJobNetwork(HostNetworkConfig config, Commands commands, JobDirectory directory) {
        this.config = config;
        this.commands = commands;
        this.directory = directory;
        this.veth = new Veth(config, directory);
        this.pool = new AddressPool(config.subnet());
    }

    static BridgedJobNetwork open(HostNetworkConfig config, Commands commands) throws IOException {
        var network = new BridgedJobNetwork(config, commands, new JobDirectory(config.directory()));
        network.recover();
        var factory = new NamedThreads("network");
        for (Runnable task : List.<Runnable>of(network::makeSpares, network::clean)) {
            Thread thread = factory.newThread(task);
            thread.start();
            network.threads.add(thread);
        }
        return network;
    }

    @Override
    public JobInterface open(JobId job, Optional<String> wantedAddress) throws IOException {
        synchronized (lock) {
            requireOpen();
            while (opening.contains(job)) {
                await();
                requireOpen();
            }
            Integer known = owners.get(job);
            if (known != null) {
                return describe(known);
            }
            if (refusal != null) {
                throw FlynnException.unavailable(refusal, null);
            }
            opening.add(job);
        }
        try {
            int address = obtain(job, wantedAddress);
            try {
                directory.assign(job, address);
            } catch (IOException e) {
                leave(List.of(address));
                throw e;
            }
            synchronized (lock) {
                owners.put(job, address);
            }
            return describe(address);
        } finally {
            synchronized (lock) {
                opening.remove(job);
                lock.notifyAll();
            }
        }
    }

    @Override
    public void close(JobId job) {
        try {
            synchronized (lock) {
                while (opening.contains(job)) {
                    await();
                }
                Integer address = owners.get(job);
                if (address == null) {
                    return;
                }
                directory.forget(job);
                owners.remove(job);
                left.add(address);
                lock.notifyAll();
            }
        } catch (IOException e) {
            throw FlynnException.internal("cannot close the network of job " + job, e);
        }
    }

    @Override
    public Set<JobId> jobs() {
        synchronized (lock) {
            return Set.copyOf(owners.keySet());
        }
    }

    @Override
    public String gateway() {
        return config.subnet().gateway();
    }

    @Override
    public int mtu() {
        return config.mtu();
    }

    /** Ends the threads and takes away what no job has. */
    @Override
    public void close() {
        synchronized (lock) {
            if (closed) {
                return;
            }
            closed = true;
            lock.notifyAll();
        }
        boolean interrupted = false;
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        synchronized (lock) {
            left.addAll(spares);
            left.addAll(stuck);
            spares.clear();
            stuck.clear();
        }
        cleanOnce();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Like {@link #close()}, and takes away what jobs have. */
    void remove() throws IOException {
        jobs().forEach(this::close);
        close();
        cleanOnce();
        directory.delete();
    }

    /** From now on jobs that have no network get none, or, if there is no reason, they do. */
    void refuse(@Nullable String reason) {
        synchronized (lock) {
            refusal = reason;
        }
    }

    /** Makes ports of the bridge again what has been. */
    void check() throws IOException {
        Set<String> wanted = new HashSet<>();
        synchronized (lock) {
            owners.values().forEach(address -> wanted.add(Veth.name(address)));
            spares.forEach(address -> wanted.add(Veth.name(address)));
        }
        Map<String, Link> links = Link.byName(commands.sh("ip -o link show type veth"));
        List<String> changes = new ArrayList<>();
        for (String name : wanted) {
            Link link = links.get(name);
            if (link != null && !link.isPortOf(config.bridge())) {
                changes.add(veth.attach(name));
            }
        }
        commands.ip(changes);
    }

    // ---- taking a network

    private int obtain(JobId job, Optional<String> wantedAddress) throws IOException {
        if (wantedAddress.isPresent() && Ipv4.isAddress(wantedAddress.get())) {
            int wanted = Ipv4.parse(wantedAddress.get());
            boolean free;
            synchronized (lock) {
                awaitCleaned(wanted);
                if (spares.remove(wanted)) {
                    lock.notifyAll();
                    return wanted;
                }
                free = pool.take(wanted);
            }
            if (free) {
                make(List.of(wanted));
                return wanted;
            }
        }
        return takeSpare(job);
    }

    /** A job that starts again may have what it had, though that is still being taken away; must be called with the lock. */
    private void awaitCleaned(int address) throws IOException {
        hurrying++;
        lock.notifyAll();
        try {
            while (left.contains(address) || cleaning.contains(address)) {
                requireOpen();
                await();
            }
        } finally {
            hurrying--;
        }
    }

    private int takeSpare(JobId job) throws IOException {
        synchronized (lock) {
            long failuresBefore = failures;
            waiting.add(job);
            resting = false;
            lock.notifyAll();
            try {
                while (spares.isEmpty() || !job.equals(waiting.peek())) {
                    requireOpen();
                    if (failures != failuresBefore && lastFailure != null) {
                        if (lastFailure instanceof FlynnException reason) {
                            throw new FlynnException(reason.code(), reason.getMessage(), reason);
                        }
                        throw new IOException(lastFailure.getMessage(), lastFailure);
                    }
                    await();
                }
                return spares.remove();
            } finally {
                waiting.remove(job);
                lock.notifyAll();
            }
        }
    }

    // ---- making networks

    private void makeSpares() {
        boolean failedBefore = false;
        while (true) {
            List<Integer> addresses = new ArrayList<>();
            synchronized (lock) {
                while (!closed && addresses.isEmpty()) {
                    reserve(addresses);
                    if (addresses.isEmpty()) {
                        awaitQuietly();
                    }
                }
                if (closed) {
                    left.addAll(addresses);
                    return;
                }
            }
            try {
                make(addresses);
                failedBefore = false;
                synchronized (lock) {
                    spares.addAll(addresses);
                    lock.notifyAll();
                }
            } catch (IOException | RuntimeException e) {
                // what stands in the way of one address, a remnant say, need not be in that of the next
                if (failedBefore) {
                    fail(e);
                }
                failedBefore = !failedBefore;
            }
        }
    }

    /** Takes as many addresses as there are networks missing; must be called with the lock. */
    private void reserve(List<Integer> addresses) {
        int missing = resting ? 0 : Math.min(config.spares() + waiting.size() - spares.size(), MADE_AT_ONCE);
        if (waiting.isEmpty() && missing <= config.spares() / 2) {
            // two at once are cheaper than one and another
            missing = 0;
        }
        while (addresses.size() < missing) {
            OptionalInt address = pool.take();
            if (address.isEmpty()) {
                break;
            }
            addresses.add(address.getAsInt());
        }
        if (addresses.isEmpty() && missing > 0 && !waiting.isEmpty() && left.isEmpty() && cleaning.isEmpty()) {
            fail(new FlynnException(
                    ErrorCode.NO_CAPACITY,
                    "all %d addresses of this host's subnet %s are in use".formatted(pool.size(), config.subnet())));
        }
    }

    private void make(List<Integer> addresses) throws IOException {
        try {
            String unused = commands.run(veth.make(addresses), "");
        } catch (IOException | RuntimeException e) {
            leave(addresses);
            throw e;
        }
    }

    private void fail(Exception reason) {
        log.atWarn().addKeyValue("reason", reason.getMessage()).log("no network for a job");
        synchronized (lock) {
            lastFailure = reason;
            failures++;
            resting = true;
            lock.notifyAll();
        }
    }

    // ---- taking networks away

    private void leave(Collection<Integer> addresses) {
        synchronized (lock) {
            left.addAll(addresses);
            lock.notifyAll();
        }
    }

    private void clean() {
        while (true) {
            synchronized (lock) {
                while (!closed && left.isEmpty()) {
                    awaitQuietly();
                }
                if (closed) {
                    return;
                }
                linger();
            }
            cleanOnce();
        }
    }

    /** Waits for more to be cleaned up, unless somebody may wait for what becomes free; must be called with the lock. */
    private void linger() {
        long end = System.nanoTime() + LINGER.toNanos();
        long rest = LINGER.toMillis();
        while (rest > 0 && !closed && hurrying == 0 && waiting.isEmpty()) {
            try {
                lock.wait(rest);
            } catch (InterruptedException e) {
                return;
            }
            rest = Duration.ofNanos(end - System.nanoTime()).toMillis();
        }
    }

    private void cleanOnce() {
        List<Integer> addresses;
        synchronized (lock) {
            left.addAll(stuck);
            stuck.clear();
            addresses = List.copyOf(left);
            cleaning = Set.copyOf(left);
            left.clear();
        }
        if (addresses.isEmpty()) {
            return;
        }
        List<Integer> gone = new ArrayList<>();
        try {
            Set<String> stays = Link.byName(commands.sh(veth.unmake(addresses))).keySet();
            for (int address : addresses) {
                if (!stays.contains(Veth.name(address))) {
                    Files.deleteIfExists(directory.namespace(address));
                    gone.add(address);
                }
            }
        } catch (IOException | RuntimeException e) {
            log.atWarn().addKeyValue("reason", e.getMessage()).log("networks of ended jobs stay for now");
        }
        synchronized (lock) {
            for (int address : addresses) {
                if (gone.contains(address)) {
                    pool.free(address);
                } else {
                    stuck.add(address);
                }
            }
            cleaning = Set.of();
            lock.notifyAll();
        }
    }

    // ---- after a restart

    private void recover() throws IOException {
        owners.putAll(directory.jobs());
        Set<Integer> known = new HashSet<>(owners.values());
        Set<Integer> strays = new HashSet<>(directory.addresses());
        Link.byName(commands.sh("ip -o link show type veth")).values().stream()
                .filter(link -> Veth.isName(link.name()) && link.isPortOf(config.bridge()))
                .forEach(link -> strays.add(Veth.address(link.name())));
        strays.removeAll(known);
        known.forEach(pool::take);
        strays.forEach(pool::take);
        left.addAll(strays);
        check();
    }

    // ---- small things

    private JobInterface describe(int address) {
        return new JobInterface(Ipv4.format(address), config.subnet().length(), directory.namespace(address));
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the network is closed");
        }
    }

    @SuppressWarnings("WaitNotInLoop") // all callers loop
    private void await() throws InterruptedIOException {
        try {
            lock.wait();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for a network");
        }
    }

    /** For threads that nobody interrupts but by mistake. */
    @SuppressWarnings("WaitNotInLoop") // both callers loop
    private void awaitQuietly() {
        try {
            lock.wait();
        } catch (InterruptedException e) {
            log.atDebug().log("interrupted; going on, only closing ends this thread");
        }
    }
}
