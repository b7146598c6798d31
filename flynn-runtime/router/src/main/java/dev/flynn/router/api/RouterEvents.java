package dev.flynn.router.api;

import dev.flynn.json.FlynnJson;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Passes what the router does on to those who follow it. Who begins to follow hears of every backend that is up, then of every
 * change, none missed and none twice. An event is put into words once, however many follow. Thread-safe.
 */
public final class RouterEvents {

    /** What is told to those who do not say what they want, as routers of 2015 do it. */
    static final Set<String> ROUTES = Set.of(RouterEvent.SET, RouterEvent.REMOVE);

    static final Set<String> ALL = Set.of(
            RouterEvent.SET,
            RouterEvent.REMOVE,
            RouterEvent.BACKEND_UP,
            RouterEvent.BACKEND_DOWN,
            RouterEvent.BACKEND_DRAINED);

    private final FlynnJson json;
    private final List<Follower> followers = new CopyOnWriteArrayList<>();

    /** By service and address; guarded by this, as is the order of events. */
    private final Map<RouterBackend, byte[]> up = new LinkedHashMap<>();

    public RouterEvents(FlynnJson json) {
        this.json = json;
    }

    /** Who follows; is told by any thread, one at a time, and must not block. */
    interface Follower {

        /** What is true at the start; empty items are left out. */
        void begin(List<byte[]> items);

        /** @param item of a stream of server-sent events */
        void tell(byte[] item);

        boolean wants(String type);
    }

    public synchronized void publish(List<RouterEvent> events) {
        for (RouterEvent event : events) {
            byte[] item = item(event);
            event.backend().ifPresent(backend -> remember(event.event(), backend, item));
            for (Follower follower : followers) {
                if (follower.wants(event.event())) {
                    follower.tell(item);
                }
            }
        }
    }

    private void remember(String type, RouterBackend backend, byte[] item) {
        if (type.equals(RouterEvent.BACKEND_UP)) {
            up.put(backend, item);
        } else {
            up.remove(backend);
        }
    }

    synchronized void follow(Follower follower) {
        follower.begin(follower.wants(RouterEvent.BACKEND_UP) ? new ArrayList<>(up.values()) : List.of());
        followers.add(follower);
    }

    void leave(Follower follower) {
        followers.remove(follower);
    }

    int followers() {
        return followers.size();
    }

    private byte[] item(RouterEvent event) {
        return ("data: " + json.write(event) + "\n\n").getBytes(StandardCharsets.UTF_8);
    }
}
