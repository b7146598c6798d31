package dev.flynn.link.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.error.FlynnException;
import dev.flynn.link.HostLink;
import dev.flynn.spi.component.Subscription;
import dev.flynn.store.RatisClusterStore;
import dev.flynn.store.StorePeer;
import java.time.Duration;
import java.util.concurrent.CompletionException;

/** How a host that has joined the cluster gets its replica of the store: it asks any other host for it. */
public final class StoreAdmission {

    private static final String SERVICE = "store-admission";
    private static final String ADMIT = "admit";
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private StoreAdmission() {}

    /** Serves until the subscription is closed. Whoever asks is let in, for the link knows that it belongs to the cluster. */
    public static Subscription serve(HostLink link, RatisClusterStore store) {
        return link.serveBlocking(SERVICE, (caller, method, request) -> {
            if (!method.equals(ADMIT)) {
                throw FlynnException.unsupported("\"" + method + "\" of the store's admission");
            }
            store.addListener(new StorePeer(caller, new String(request, UTF_8)));
            return new byte[0];
        });
    }

    /**
     * Asks a host to have this one's replica, which is open, follow the store.
     *
     * @param host whom to ask
     * @throws FlynnException {@code SERVICE_UNAVAILABLE} if it cannot now: ask again, or another
     */
    public static void ask(HostLink link, StorePeer host) {
        try {
            link.call(
                            host.id(),
                            host.address(),
                            SERVICE,
                            ADMIT,
                            link.advertisedAddress().getBytes(UTF_8),
                            PATIENCE)
                    .join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof FlynnException told
                    ? told
                    : FlynnException.unavailable("host \"%s\" did not answer".formatted(host.id()), e);
        }
    }
}
