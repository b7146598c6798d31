package dev.flynn.tck.resource;

import dev.flynn.spi.resource.ResourceProvider;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The kit on a service in memory. */
abstract class ReferenceProviderKit extends ResourceProviderTck {

    final ReferenceService service = new ReferenceService();

    ResourceProvider create() {
        return new ReferenceProvider(service);
    }

    @Override
    protected ResourceProvider openProvider() {
        return create();
    }

    @Override
    protected ResourceClient connect(Map<String, String> env) {
        return service.connect(env.get("STORE"), env.get("STORE_PASSWORD"));
    }

    @Override
    protected Set<String> existing() {
        return service.existing();
    }

    @Override
    protected Map<String, Map<String, Object>> wrongSettings() {
        return Map.of("size", Map.of("size", 11));
    }

    @Override
    protected Optional<AutoCloseable> inject(Fault fault) {
        if (fault == Fault.AWAY) {
            service.away = true;
        } else {
            service.refusesUsers = true;
        }
        return Optional.of(() -> {
            service.away = false;
            service.refusesUsers = false;
        });
    }
}
