package dev.flynn.testing;

import static java.util.Objects.requireNonNull;

import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.discovery.Discovery;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import org.apiguardian.api.API;
import org.jspecify.annotations.Nullable;

/**
 * One host of an {@link EmbeddedCluster}, and the faults that can befall it.
 *
 * <p>Promises: a fault holds until it is taken back or the host is started again; each call returns when the cluster has done
 * what follows at once, without any time passing; what needs a living host is refused with an {@link IllegalStateException} when
 * it is dead. Thread-safe.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public final class EmbeddedHost {

    private final String id;
    private final String address;
    private final int number;
    private final EmbeddedCluster cluster;
    private final Surroundings around;
    private final Optional<Function<EmbeddedHost, ContainerBackend>> ownBackend;
    private final boolean jobsSurvive;
    private final Clock clock;
    private final RecordedJobs recorded;
    private volatile Duration wrongBy = Duration.ZERO;

    /** Held while it dies or begins to live. */
    private final Object life = new Object();

    private volatile @Nullable HostRun run;

    EmbeddedHost(int number, EmbeddedCluster cluster, Surroundings around, EmbeddedCluster.Builder settings) {
        this.number = number;
        this.id = "host" + number;
        this.address = loopback(number);
        this.cluster = cluster;
        this.around = around;
        this.ownBackend = settings.backend;
        this.jobsSurvive = settings.jobsSurvive;
        this.clock = new WrongClock(around.time().clock(), this::wrongBy);
        this.recorded = new RecordedJobs(address, clock);
    }

    /** An address for every host, where the system has them: all of Linux's loopback network, one address elsewhere. */
    private static String loopback(int number) {
        String own = "127.0.%d.%d".formatted(number / 250, number % 250);
        try (var socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getByName(own), 0));
            return own;
        } catch (IOException onlyOne) {
            return "127.0.0.1";
        }
    }

    // who it is

    /** {@code host1}, {@code host2} and so on. */
    public String id() {
        return id;
    }

    /** Where its jobs listen. */
    public String address() {
        return address;
    }

    /** The time of day as this host has it. */
    public Clock clock() {
        return clock;
    }

    /** What other hosts know it by, which need not be reached: they meet in the store. */
    String advertised() {
        return "10.0.%d.%d:1113".formatted(number / 250, number % 250);
    }

    Duration wrongBy() {
        return wrongBy;
    }

    public boolean isAlive() {
        return run != null;
    }

    /**
     * Its jobs, alive or not.
     *
     * @throws IllegalStateException if the cluster was given a backend: then that knows
     */
    public RecordedJobs jobs() {
        if (ownBackend.isPresent()) {
            throw new IllegalStateException("jobs are not recorded: the cluster was given a backend of its own");
        }
        return recorded;
    }

    /**
     * Discovery as this host has it, until it dies.
     *
     * @throws IllegalStateException if it is dead
     */
    public Discovery discovery() {
        return requireAlive().discovery();
    }

    private HostRun requireAlive() {
        HostRun now = run;
        if (now == null) {
            throw new IllegalStateException("%s is dead; restart it first".formatted(id));
        }
        return now;
    }

    // what befalls it

    /**
     * Ends it as {@code kill -9} or a power cut does: nothing is told to anybody. Its jobs end with it, unless they
     * {@linkplain EmbeddedCluster.Builder#jobsSurvive survive}. One that is dead stays so.
     */
    public void kill() {
        end();
        cluster.settle();
    }

    void end() {
        synchronized (life) {
            HostRun last = run;
            run = null;
            if (last != null) {
                last.kill();
            }
        }
    }

    /** It and its jobs are gone for good. */
    void remove() {
        end();
        recorded.endAll();
    }

    /** Starts it again, after it was killed or by killing it: connected, not paused, its clock as it was. */
    public void restart() {
        begin();
        cluster.settle();
    }

    void begin() {
        synchronized (life) {
            end();
            run = cluster.inside(() -> new HostRun(this, around, this::openBackend));
        }
    }

    private ContainerBackend openBackend(HostTime time) {
        return ownBackend.isPresent()
                ? ownBackend.get().apply(this)
                : new RecordingBackend(recorded, jobsSurvive, time);
    }

    /** Its process stands still, as after {@code SIGSTOP}; its jobs go on. */
    public void pause() {
        requireAlive().setPaused(true);
        cluster.settle();
    }

    /** Goes on where it was, however much time has passed. */
    public void resume() {
        requireAlive().setPaused(false);
        cluster.settle();
    }

    /**
     * Nobody is reached from it any more: the cluster store has no quorum there, and what happens elsewhere is not told. Its
     * jobs go on, and so does the host itself.
     */
    public void cutOff() {
        requireAlive().cutOff();
        cluster.settle();
    }

    /** The network works again; what happened meanwhile is told, in order. */
    public void reconnect() {
        requireAlive().reconnect();
        cluster.settle();
    }

    /** Sets its clock wrong, ahead or (if negative) behind, or right again with zero. Its timers run as before. */
    public void setClockWrongBy(Duration difference) {
        wrongBy = requireNonNull(difference, "difference");
        cluster.settle();
    }

    /** From now on no job can be started here, for this reason. */
    public void failStarts(String reason) {
        requireAlive().failStarts(Optional.of(reason));
    }

    /** Jobs can be started here again. */
    public void allowStarts() {
        requireAlive().failStarts(Optional.empty());
    }

    @Override
    public String toString() {
        return id;
    }
}
