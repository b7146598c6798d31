package dev.flynn.tck.discovery;

import dev.flynn.spi.discovery.Discovery;
import java.nio.file.Path;
import java.time.Duration;

/** A discovery that keeps its promises passes. */
class ReferenceDiscoveryTckTest extends DiscoveryTck {

    private ReferenceDiscovery discovery;

    @Override
    protected Discovery openDiscovery(Path dataDirectory) {
        discovery = new ReferenceDiscovery(dataDirectory);
        return discovery;
    }

    @Override
    protected void advance(Duration time) {
        discovery.advance(time);
    }
}
