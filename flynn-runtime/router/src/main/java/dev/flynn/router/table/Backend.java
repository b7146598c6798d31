package dev.flynn.router.table;

import dev.flynn.api.error.FlynnException;
import dev.flynn.router.telemetry.Meter;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** An address that serves, and what this router knows about it; one object for as long as tables name the address. */
public final class Backend {

    private final String addr;
    private final InetSocketAddress socketAddress;
    private final Meter meter;
    private final AtomicInteger inFlight = new AtomicInteger();
    private final Failures failures = new Failures();
    private final AtomicBoolean drained = new AtomicBoolean();
    private volatile boolean retired;
    private volatile @Nullable Consumer<Backend> onDrained;

    /**
     * @param addr {@code host:port}; a name is resolved now
     * @param meter of what is carried there
     */
    public Backend(String addr, Meter meter) {
        this.addr = addr;
        this.meter = meter;
        this.socketAddress = parse(addr);
    }

    public String addr() {
        return addr;
    }

    public InetSocketAddress socketAddress() {
        return socketAddress;
    }

    public Meter meter() {
        return meter;
    }

    int inFlight() {
        return inFlight.get();
    }

    public void begin() {
        inFlight.incrementAndGet();
    }

    public void end() {
        if (inFlight.decrementAndGet() == 0) {
            tellWhenDrained();
        }
    }

    /** What went wrong here lately. */
    public Failures failures() {
        return failures;
    }

    /** No table names it any more: what is in flight finishes, and its connections are not kept. */
    public void retire() {
        retired = true;
        meter.retire();
    }

    public boolean isRetired() {
        return retired;
    }

    /**
     * From now on nothing begins here; tells once when nothing is in flight, perhaps at once. For retired ones, when no
     * thread is choosing by an older table any more.
     */
    public void whenDrained(Consumer<Backend> listener) {
        onDrained = listener;
        if (inFlight.get() == 0) {
            tellWhenDrained();
        }
    }

    private void tellWhenDrained() {
        Consumer<Backend> listener = onDrained;
        if (listener != null && drained.compareAndSet(false, true)) {
            listener.accept(this);
        }
    }

    @Override
    public String toString() {
        return addr;
    }

    private static InetSocketAddress parse(String addr) {
        int colon = addr.lastIndexOf(':');
        try {
            String host = addr.substring(0, colon);
            if (host.startsWith("[") && host.endsWith("]")) {
                host = host.substring(1, host.length() - 1);
            }
            return new InetSocketAddress(host, Integer.parseInt(addr.substring(colon + 1)));
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw FlynnException.invalid("backend address '" + addr + "' must be host:port");
        }
    }
}
