package dev.flynn.configurator;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.configurator.ConfigStore.Stored;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the configuration file of a program what a document says: changes are validated before anything happens, stored by
 * compare-and-set, written and taken over; so is what others change in the store, or what macros stand for.
 *
 * <p>One change is made at a time. Thread-safe.
 */
public final class Configurator implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Configurator.class);

    private static final int MAX_ATTEMPTS = 3;
    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(5);

    private final ConfigStore store;
    private final Transformer transformer;
    private final Target target;
    private final Services services;
    private final Path valueFiles;
    private final ScheduledExecutorService follower =
            java.util.concurrent.Executors.newSingleThreadScheduledExecutor(new NamedThreads("configurator"));

    /** The one that runs. Only to be touched under the lock of this. */
    private Running running;

    private record Running(JsonNode document, String text, LookUps lookUps) {}

    private Configurator(Builder builder) {
        store = requireNonNull(builder.store, "store");
        transformer = requireNonNull(builder.transformer, "transformer");
        target = new Target(requireNonNull(builder.target, "target"), builder.check, builder.reload);
        services = new Services(builder.discoverd);
        valueFiles = target.file().toAbsolutePath().resolveSibling(target.file().getFileName() + ".values");
        running = render(store.pull().document());
        AtomicFiles.replace(target.file(), running.text());
        running.lookUps().keepFiles();
    }

    /** @return what has to be told: store, transformer and target; the rest is as one likes */
    public static Builder builder() {
        return new Builder();
    }

    /** Follows from now on what others change. */
    public void follow() {
        store.watch(() -> {
            try {
                follower.execute(() -> refresh(true));
            } catch (RejectedExecutionException closed) {
                log.atDebug().log("a change came after the end");
            }
        });
        var unused = follower.scheduleWithFixedDelay(
                () -> refresh(false), POLL.toMillis(), POLL.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** The text that the program has. */
    public synchronized String text() {
        return running.text();
    }

    synchronized JsonNode document() {
        return running.document();
    }

    /** What the text of a document would be; nothing happens. */
    String dryRun(JsonNode document) {
        return render(Document.requireObject(document)).text();
    }

    /**
     * Changes the document.
     *
     * @throws Refusal if the change cannot be made, or what comes of it is not valid: nothing has happened then
     * @throws FlynnException {@code UNAVAILABLE} if the store cannot be asked
     */
    synchronized void change(UnaryOperator<JsonNode> change) {
        for (int attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
            Stored stored = store.pull();
            Running next = render(Document.requireObject(change.apply(stored.document())));
            if (store.commit(next.document(), stored.revision())) {
                take(next);
                return;
            }
        }
        throw Refusal.conflict(
                "somebody else has changed the document %d times meanwhile; try again".formatted(MAX_ATTEMPTS));
    }

    private void take(Running next) {
        boolean isOther = !next.text().equals(running.text());
        running = next;
        if (isOther) {
            target.apply(next.text());
        }
        next.lookUps().keepFiles();
    }

    private Running render(JsonNode document) {
        LookUps lookUps = new LookUps(
                store, services, name -> Optional.ofNullable(System.getenv(name)), new ValueFiles(valueFiles));
        String text = transformer.transform(Macros.expand(document, lookUps));
        target.requireValid(text);
        return new Running(document, text, lookUps);
    }

    /** What is not valid is ignored, and what runs goes on. */
    private synchronized void refresh(boolean documentMayBeOther) {
        try {
            if (documentMayBeOther || running.lookUps().areStale()) {
                Running next = render(Document.requireObject(store.pull().document()));
                if (!next.text().equals(running.text()) || !next.document().equals(running.document())) {
                    take(next);
                    log.atInfo().log("a change from outside was taken over");
                }
            }
        } catch (RuntimeException e) {
            log.atError()
                    .addKeyValue("reason", e.getMessage())
                    .log("a change from outside cannot be used; the configuration before it stays");
        }
    }

    @Override
    public void close() {
        store.close();
        Executors.stop(follower, "configurator", STOP_PATIENCE);
    }

    /** What a configurator is made of. */
    public static final class Builder {

        private @Nullable ConfigStore store;
        private @Nullable Transformer transformer;
        private @Nullable Path target;
        private Optional<Tool> check = Optional.empty();
        private Optional<Tool> reload = Optional.empty();
        private Optional<URI> discoverd = Optional.empty();

        private Builder() {}

        /** Where the document is; closed with the configurator. */
        public Builder store(ConfigStore value) {
            store = value;
            return this;
        }

        public Builder transformer(Transformer value) {
            transformer = value;
            return this;
        }

        /** The file that the program reads. */
        public Builder target(Path value) {
            target = value;
            return this;
        }

        /** A command that fails for a text that is not valid; it finds that in the file that {@code FILE} names. */
        public Builder check(String command) {
            return check(Tool.of(command));
        }

        Builder check(Tool tool) {
            check = Optional.of(tool);
            return this;
        }

        /** A command that makes the program read its file again. */
        public Builder reload(String command) {
            return reload(Tool.of(command));
        }

        Builder reload(Tool tool) {
            reload = Optional.of(tool);
            return this;
        }

        /** Where discovery's HTTP API is, for {@code $service} and {@code $services}. */
        public Builder discoverd(URI value) {
            discoverd = Optional.of(value);
            return this;
        }

        /**
         * Pulls, checks and writes what the store has; nothing is reloaded, because the program starts after it.
         *
         * @throws Refusal if it is not valid, in the words of the tool
         */
        public Configurator build() {
            return new Configurator(this);
        }
    }
}
