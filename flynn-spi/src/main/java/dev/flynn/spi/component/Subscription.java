package dev.flynn.spi.component;

import org.apiguardian.api.API;

/** Something that delivers until it is closed; after {@link #close} returns no new delivery begins. Closing twice is fine. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface Subscription extends AutoCloseable {

    @Override
    void close();
}
