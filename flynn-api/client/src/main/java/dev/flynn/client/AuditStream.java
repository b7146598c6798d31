package dev.flynn.client;

import dev.flynn.api.access.AuditEntry;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.util.Optional;

/** Entries of the audit, as they are stored. Not thread-safe. */
public final class AuditStream implements AutoCloseable {

    private final HttpReply reply;
    private final FlynnJson json;
    private final ServerSentEvents entries;

    AuditStream(HttpReply reply, FlynnJson json) {
        this.reply = reply;
        this.json = json;
        this.entries = new ServerSentEvents(reply.body());
    }

    /** Waits for the next entry; empty at the end. */
    public Optional<AuditEntry> next() throws IOException {
        return entries.next().map(entry -> json.read(entry, AuditEntry.class));
    }

    @Override
    public void close() {
        reply.connection().close();
    }
}
