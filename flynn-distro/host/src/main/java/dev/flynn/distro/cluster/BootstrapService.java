package dev.flynn.distro.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.NamedThreads;
import dev.flynn.bootstrap.BootstrapOutput;
import dev.flynn.distro.cluster.BootstrapProgress.Event;
import dev.flynn.json.FlynnJson;
import dev.flynn.link.HostLink;
import dev.flynn.spi.component.Subscription;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bootstraps the cluster for a program on this host. The bootstrap goes on when that program ends; one that asks for the same
 * again hears the rest.
 */
public final class BootstrapService {

    static final String SERVICE = "bootstrap";
    static final String START = "start";
    static final String POLL = "poll";

    private static final Logger log = LoggerFactory.getLogger(BootstrapService.class);

    /** How long a question waits for something new. */
    private static final long LONGEST_WAIT_MILLIS = 1_000;

    private final BiConsumer<BootstrapRequest, BootstrapOutput> bootstrap;
    private final FlynnJson json;
    private @Nullable Run last;

    private BootstrapService(BiConsumer<BootstrapRequest, BootstrapOutput> bootstrap, FlynnJson json) {
        this.bootstrap = bootstrap;
        this.json = json;
    }

    /**
     * Serves until the subscription is closed.
     *
     * @param bootstrap does it, and throws what failed
     */
    public static Subscription serve(
            HostLink link, BiConsumer<BootstrapRequest, BootstrapOutput> bootstrap, FlynnJson json) {
        var service = new BootstrapService(bootstrap, json);
        return link.serveBlocking(
                SERVICE, (caller, method, request) -> service.answer(method, new String(request, UTF_8)));
    }

    private byte[] answer(String method, String request) throws InterruptedException {
        switch (method) {
            case START -> {
                start(json.read(request, BootstrapRequest.class));
                return new byte[0];
            }
            case POLL -> {
                int since = json.read(request, BootstrapProgress.Poll.class).since();
                return json.writeBytes(running().progress(since));
            }
            default -> throw FlynnException.unsupported("\"" + method + "\" of the bootstrap");
        }
    }

    private synchronized void start(BootstrapRequest request) {
        if (last != null && !last.isDone()) {
            if (last.request.equals(request)) {
                return;
            }
            throw FlynnException.conflict("another bootstrap runs on this host; wait until it has ended");
        }
        var run = new Run(request);
        last = run;
        new NamedThreads("bootstrap-run").newThread(() -> run.go(bootstrap)).start();
    }

    private synchronized Run running() {
        if (last == null) {
            throw FlynnException.conflict("no bootstrap runs on this host: it was restarted; bootstrap again to go on");
        }
        return last;
    }

    /** One bootstrap, and what was said of it. */
    private static final class Run implements BootstrapOutput {

        final BootstrapRequest request;

        // guarded by this
        private final List<Event> events = new ArrayList<>();
        private boolean done;
        private String errorCode = "";
        private String errorMessage = "";

        Run(BootstrapRequest request) {
            this.request = request;
        }

        void go(BiConsumer<BootstrapRequest, BootstrapOutput> bootstrap) {
            try {
                bootstrap.accept(request, this);
                end("", "");
            } catch (FlynnException e) {
                end(e.code().wireName(), e.getMessage());
            } catch (RuntimeException e) {
                log.atError().setCause(e).log("bootstrap failed");
                end(ErrorCode.UNKNOWN.wireName(), "bootstrap: " + e);
            }
        }

        private synchronized void end(String code, String message) {
            done = true;
            errorCode = code;
            errorMessage = message;
            notifyAll();
        }

        synchronized boolean isDone() {
            return done;
        }

        synchronized BootstrapProgress progress(int since) throws InterruptedException {
            if (events.size() <= since && !done) {
                wait(LONGEST_WAIT_MILLIS);
            }
            int from = Math.max(0, Math.min(since, events.size()));
            return new BootstrapProgress(events.subList(from, events.size()), done, errorCode, errorMessage);
        }

        private synchronized void add(Event event) {
            events.add(event);
            notifyAll();
        }

        @Override
        public void started(String action, String id) {
            add(Event.State.STARTED, action, id, "");
        }

        @Override
        public void done(String action, String id, JsonNode result, String text) {
            add(new Event(Event.State.DONE, action, id, result, text));
        }

        @Override
        public void failed(String action, String id, String message) {
            add(Event.State.FAILED, action, id, message);
        }

        @Override
        public void tryingAgain(String action, String id, String message) {
            add(Event.State.TRYING_AGAIN, action, id, message);
        }

        private void add(Event.State state, String action, String id, String text) {
            add(new Event(state, action, id, JsonNodeFactory.instance.objectNode(), text));
        }
    }
}
