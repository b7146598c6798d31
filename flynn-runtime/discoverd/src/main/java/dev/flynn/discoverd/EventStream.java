package dev.flynn.discoverd;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.discovery.DiscoveryWatcher;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.glassfish.grizzly.WriteHandler;
import org.glassfish.grizzly.http.io.NIOOutputStream;
import org.glassfish.grizzly.http.server.Response;
import org.jspecify.annotations.Nullable;

/**
 * One client that follows a service. It has no thread: whoever has an event for it writes as much as the connection takes, and
 * the server goes on when it takes more. What is true at the start may be any number of events; of changes that come later a
 * client may be so many behind, then the stream ends.
 */
final class EventStream implements DiscoveryWatcher, WriteHandler {

    /** How many changes a client may be behind. */
    static final int MAX_BEHIND = 64;

    static final String TOO_SLOW = "discoverd: channel send failed due to blocked receiver";

    private static final byte[] KEEP_ALIVE = ":\n".getBytes(StandardCharsets.US_ASCII);

    private final Response response;
    private final NIOOutputStream out;
    private final Predicate<DiscoveryEvent> wanted;
    private final Function<DiscoveryEvent, byte[]> frames;
    private final Consumer<EventStream> left;

    // guarded by this
    private final Queue<Object> queue = new ArrayDeque<>();
    private boolean started;
    private boolean writing;
    private boolean ended;
    private boolean quiet = true;
    private @Nullable Subscription subscription;

    /**
     * @param response suspended
     * @param left called once, when the stream has ended
     */
    EventStream(
            Response response,
            Predicate<DiscoveryEvent> wanted,
            Function<DiscoveryEvent, byte[]> frames,
            Consumer<EventStream> left) {
        this.response = response;
        this.out = response.getNIOOutputStream();
        this.wanted = wanted;
        this.frames = frames;
        this.left = left;
    }

    /** The head goes out at once, before the first event. */
    void begin() throws IOException {
        out.flush();
    }

    /** From here on the client has to keep up. */
    void started(Subscription source) {
        boolean tooLate;
        synchronized (this) {
            started = true;
            subscription = source;
            tooLate = ended;
        }
        if (tooLate) {
            source.close();
        }
    }

    @Override
    public void onEvent(DiscoveryEvent event) {
        if (!wanted.test(event)) {
            return;
        }
        boolean behind;
        synchronized (this) {
            if (ended) {
                return;
            }
            behind = started && queue.size() >= MAX_BEHIND;
            if (!behind) {
                queue.add(event);
            }
        }
        if (behind) {
            end(TOO_SLOW);
        } else {
            write();
        }
    }

    @Override
    public void onEnd(FlynnException reason) {
        end(reason.getMessage());
    }

    /** Shows the client, and us, that the other side is still there; called every so often. */
    void keepAlive() {
        synchronized (this) {
            boolean idle = quiet && queue.isEmpty();
            quiet = true;
            if (ended || !idle) {
                return;
            }
            queue.add(KEEP_ALIVE);
        }
        write();
    }

    /** Tells the client why, if it still listens, and ends the stream. */
    void end(String reason) {
        synchronized (this) {
            if (ended) {
                return;
            }
            ended = true;
            queue.clear();
            queue.add(
                    ("event: error\ndata: " + reason.replaceAll("\\R", " ") + "\n\n").getBytes(StandardCharsets.UTF_8));
        }
        write();
        leave();
    }

    private void leave() {
        Subscription source;
        synchronized (this) {
            source = subscription;
            subscription = null;
        }
        if (source != null) {
            source.close();
        }
        left.accept(this);
    }

    /** Writes what there is, unless somebody does already. */
    private void write() {
        synchronized (this) {
            if (writing) {
                return;
            }
            writing = true;
        }
        try {
            while (true) {
                Object next;
                boolean last;
                synchronized (this) {
                    if (queue.isEmpty()) {
                        writing = false;
                        return;
                    }
                    if (!out.canWrite()) {
                        break;
                    }
                    next = queue.remove();
                    last = ended && queue.isEmpty();
                    quiet = false;
                }
                out.write(next instanceof DiscoveryEvent event ? frames.apply(event) : (byte[]) next);
                out.flush();
                if (last) {
                    response.resume();
                    return;
                }
            }
        } catch (IOException | RuntimeException clientWentAway) {
            onError(clientWentAway);
            return;
        }
        // the turn is kept until the connection takes more
        out.notifyCanWrite(this);
    }

    @Override
    public void onWritePossible() {
        synchronized (this) {
            writing = false;
        }
        write();
    }

    @Override
    public void onError(Throwable clientWentAway) {
        synchronized (this) {
            ended = true;
            queue.clear();
        }
        leave();
        response.resume();
    }
}
