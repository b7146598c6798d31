package dev.flynn.spi.router;

import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.component.ComponentFactory;
import java.util.Map;
import org.apiguardian.api.API;

/** Creates a {@link Router}; found by {@code ServiceLoader}. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface RouterFactory extends ComponentFactory<Router> {

    /**
     * Creates a router that carries requests by this table from its first one on. Routes that need what it cannot do are left
     * out; {@link Router#apply} of the same table tells which.
     *
     * <p>A router that shares its ports with the one that it replaces has to be created so, because nobody may find it without
     * a route. This method makes one that serves nothing, and then applies the table.
     *
     * @param settings as for {@link #create(Map, ComponentContext)}
     */
    default Router create(Map<String, String> settings, ComponentContext context, RouteTable table) {
        Router router = create(settings, context);
        try {
            router.apply(table.supportedBy(router.capabilities(), leftOut -> {}));
            return router;
        } catch (RuntimeException e) {
            router.close();
            throw e;
        }
    }
}
