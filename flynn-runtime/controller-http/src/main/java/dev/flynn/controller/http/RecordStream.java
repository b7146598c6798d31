package dev.flynn.controller.http;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreSnapshot;
import dev.flynn.spi.store.StoreWatcher;
import dev.flynn.state.ClusterState;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** A stream of records of one kind: those that there are, then each as it changes. */
final class RecordStream implements Streams.Writer {

    private final List<String> there;
    private final Backlog<String> backlog = Backlog.ofEvents();
    private final Subscription subscription;

    /**
     * @param prefix of the records' keys
     * @param there the JSON of those that a client wants of what there is; empty for others
     * @param gone the JSON that tells that the record with this key is there no more
     */
    RecordStream(
            ClusterState state,
            String prefix,
            Function<StoreEntry, Optional<String>> there,
            Function<StoreEntry, String> changed,
            Function<String, String> gone) {
        StoreSnapshot snapshot = state.store().list(prefix);
        this.there = snapshot.entries().stream()
                .flatMap(entry -> there.apply(entry).stream())
                .toList();
        this.subscription = state.store().watch(prefix, snapshot.revision(), new StoreWatcher() {
            @Override
            public void onChange(StoreChange change) {
                change.changes()
                        .forEach(key -> backlog.add(key.entry().map(changed).orElseGet(() -> gone.apply(key.key()))));
            }

            @Override
            public void onEnd(FlynnException reason) {
                backlog.end(String.valueOf(reason.getMessage()));
            }
        });
    }

    @Override
    public void write(OutputStream out) throws IOException, InterruptedException {
        var stream = new ServerSentEvents(out);
        for (String item : there) {
            stream.item(item);
        }
        while (true) {
            Optional<String> item = backlog.next(ServerSentEvents.KEEP_ALIVE);
            Optional<String> ended = backlog.ended();
            if (item.isPresent()) {
                stream.item(item.get());
            } else if (ended.isPresent()) {
                stream.error(ended.get());
                return;
            } else {
                stream.keepAlive();
            }
        }
    }

    @Override
    public void close() {
        subscription.close();
    }
}
