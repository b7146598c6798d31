package dev.flynn.router;

import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.router.Router;
import dev.flynn.spi.router.RouterFactory;
import java.util.Map;

/** As somebody else would bring a router: found by {@code ServiceLoader}, under a name of its own, with nothing but the SPI. */
public final class RenamedRouterFactory implements RouterFactory {

    static final String NAME = "renamed";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Router create(Map<String, String> settings, ComponentContext context) {
        return new NettyRouterFactory().create(settings, context);
    }
}
