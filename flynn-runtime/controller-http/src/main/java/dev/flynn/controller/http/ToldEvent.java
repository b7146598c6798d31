package dev.flynn.controller.http;

import dev.flynn.api.event.Event;
import dev.flynn.json.FlynnJson;
import org.jspecify.annotations.Nullable;

/** An event on its way to many clients: each of its forms is written once, for whoever is first to need it. Thread-safe. */
final class ToldEvent {

    private final long revision;
    private final Event event;
    private final FlynnJson json;

    private byte @Nullable [] whole;
    private byte @Nullable [] withoutSecrets;

    /** @param revision at which the event was committed */
    ToldEvent(long revision, Event event, FlynnJson json) {
        this.revision = revision;
        this.event = event;
        this.json = json;
    }

    long revision() {
        return revision;
    }

    Event event() {
        return event;
    }

    /** As an item of a stream; nobody changes it. */
    synchronized byte[] item() {
        if (whole == null) {
            whole = ServerSentEvents.itemBytes(json.write(event));
        }
        return whole;
    }

    /** For keys that may only look. */
    synchronized byte[] itemWithoutSecrets() {
        if (withoutSecrets == null) {
            withoutSecrets = ServerSentEvents.itemBytes(json.write(Secrets.without(event, json)));
        }
        return withoutSecrets;
    }
}
