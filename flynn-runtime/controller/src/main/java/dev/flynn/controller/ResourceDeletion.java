package dev.flynn.controller;

import dev.flynn.api.event.EventType;
import dev.flynn.api.id.AppId;
import dev.flynn.api.resource.Provider;
import dev.flynn.api.resource.Resource;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import java.util.List;
import java.util.Optional;

/** Gives resources back to their providers. */
final class ResourceDeletion {

    private final ClusterState state;
    private final ResourceProviders providers;

    ResourceDeletion(ClusterState state, ResourceProviders providers) {
        this.state = state;
        this.providers = providers;
    }

    /** Lets the provider delete the resource; repeatable, because a provider does not mind one that is gone. */
    void deprovision(Resource resource) {
        Provider provider =
                state.providers().get(resource.provider().toString()).value();
        providers.of(provider).deprovision(resource.externalId());
    }

    /** Deprovisions what only this app uses. */
    List<Resource> deprovision(AppId app) {
        List<Resource> own = of(app).stream()
                .map(Versioned::value)
                .filter(resource -> resource.apps().size() == 1)
                .toList();
        own.forEach(this::deprovision);
        return own;
    }

    /** Adds: the app uses no resources any more, and what only it used is gone. */
    void forget(Transaction.Builder transaction, AppId app) {
        for (Versioned<Resource> read : of(app)) {
            Resource resource = read.value();
            if (resource.apps().size() == 1) {
                state.resources().remove(transaction, read);
                state.events()
                        .append(
                                transaction,
                                EventType.RESOURCE_DELETION,
                                Optional.of(app),
                                resource.id().toString(),
                                resource);
            } else {
                state.resources().replace(transaction, read, resource.withoutApp(app));
            }
        }
    }

    private List<Versioned<Resource>> of(AppId app) {
        return state.resources().list().stream()
                .filter(resource -> resource.value().apps().contains(app))
                .toList();
    }
}
