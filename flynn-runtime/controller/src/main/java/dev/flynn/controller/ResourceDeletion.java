package dev.flynn.controller;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.AppId;
import dev.flynn.api.resource.Provider;
import dev.flynn.api.resource.Resource;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** Gives resources back to their providers. */
final class ResourceDeletion {

    private final ClusterState state;
    private final ClusterHttp http;

    ResourceDeletion(ClusterState state, ClusterHttp http) {
        this.state = state;
        this.http = http;
    }

    /** Lets the provider delete the resource; repeatable, because a provider does not mind one that is gone. */
    void deprovision(Resource resource) {
        Provider provider =
                state.providers().get(resource.provider().toString()).value();
        String id = URLEncoder.encode(resource.externalId(), StandardCharsets.UTF_8);
        URI url = URI.create(provider.url() + "?id=" + id);
        int status =
                http.send("DELETE", url, Optional.empty(), Optional.empty()).status();
        if (status != 200) {
            throw FlynnException.unavailable(
                    "provider \"%s\" answered %d when asked to delete resource %s"
                            .formatted(provider.name(), status, resource.id()),
                    null);
        }
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
