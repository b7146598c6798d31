package dev.flynn.controller;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.Ids;
import dev.flynn.api.id.ProviderId;
import dev.flynn.api.id.ResourceId;
import dev.flynn.api.resource.Provider;
import dev.flynn.api.resource.Resource;
import dev.flynn.controller.ControllerTables.PendingResource;
import dev.flynn.spi.resource.ResourceProvider;
import dev.flynn.spi.resource.ResourceProvider.Provisioned;
import dev.flynn.spi.resource.ResourceRequest;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Providers, and the resources that they gave to apps. */
public final class ProviderCatalog {

    private final ClusterState state;
    private final AppCatalog apps;
    private final ControllerTables tables;
    private final ResourceProviders providers;
    private final ResourceDeletion deletion;

    ProviderCatalog(ClusterState state, ControllerTables tables, AppCatalog apps, ResourceProviders providers) {
        this.state = state;
        this.apps = apps;
        this.tables = tables;
        this.providers = providers;
        this.deletion = new ResourceDeletion(state, providers);
    }

    public record NewProvider(String name, String url) {}

    /** @param config passed on to the provider; null means no settings */
    public record NewResource(List<String> apps, Optional<JsonNode> config) {}

    /** A resource that exists already and is to be known. */
    public record KnownResource(String externalId, Map<String, String> env, List<String> apps) {}

    public Provider create(NewProvider request) {
        if (request.name().isBlank()) {
            throw FlynnException.invalidField("name", "must not be blank");
        }
        if (request.url().isBlank()) {
            throw FlynnException.invalidField("url", "must not be blank");
        }
        providers.requireUsable(request.url());
        Instant now = state.clock().instant();
        var provider = new Provider(ProviderId.random(), request.name(), request.url(), now, now);
        String id = provider.id().toString();
        String nameKey = ControllerTables.providerNameKey(provider.name());
        String urlKey = ControllerTables.providerUrlKey(provider.url());
        Transaction.Builder transaction = Transaction.builder();
        transaction.whenAbsent(nameKey).put(nameKey, id);
        transaction.whenAbsent(urlKey).put(urlKey, id);
        state.providers().create(transaction, id, provider);
        state.events().append(transaction, EventType.PROVIDER, Optional.empty(), id, provider);
        if (!state.commit(transaction).committed()) {
            throw FlynnException.exists("a provider named \"%s\" or with the URL %s already exists"
                    .formatted(provider.name(), provider.url()));
        }
        return provider;
    }

    /**
     * Makes a provider known that is an object of this process, unless it is.
     *
     * @throws FlynnException {@code OBJECT_EXISTS} if another provider has the name
     */
    public Provider ensureBuiltin(String name) {
        var wanted = new NewProvider(name, ResourceProviders.builtinUrl(name));
        try {
            return create(wanted);
        } catch (FlynnException e) {
            if (e.code() != ErrorCode.OBJECT_EXISTS) {
                throw e;
            }
            return list().stream()
                    .filter(known -> known.name().equals(name) && known.url().equals(wanted.url()))
                    .findFirst()
                    .orElseThrow(() -> e);
        }
    }

    public List<Provider> list() {
        return Versioned.newestFirst(state.providers().list());
    }

    /** @throws FlynnException {@code OBJECT_NOT_FOUND} */
    public Provider get(String idOrName) {
        if (Ids.isId(idOrName)) {
            var byId = state.providers().find(Ids.parse(idOrName).toString());
            if (byId.isPresent()) {
                return byId.get().value();
            }
        }
        return state.providers().list().stream()
                .map(Versioned::value)
                .filter(provider -> provider.name().equals(idOrName))
                .findFirst()
                .orElseThrow(() -> FlynnException.notFound("provider", idOrName));
    }

    /** Asks the provider for a resource; the release of the apps is not changed. */
    public Resource provision(String providerName, NewResource request) {
        Provider provider = get(providerName);
        List<AppId> owners = appIds(request.apps());
        Map<String, Object> config = config(request);
        ResourceProvider asked = providers.of(provider);
        Versioned<PendingResource> pending = announce(provider, config);
        ResourceId id = pending.value().id();
        Provisioned given;
        try {
            given = asked.provision(new ResourceRequest(id.toString(), config));
        } catch (FlynnException e) {
            settle(pending, e);
            throw e;
        }
        var resource = new Resource(
                id,
                provider.id(),
                given.externalId(),
                given.env(),
                owners,
                state.clock().instant());
        Transaction.Builder transaction = Transaction.builder();
        tables.pendingResources().remove(transaction, pending);
        insert(transaction, resource);
        return resource;
    }

    private Map<String, Object> config(NewResource request) {
        Map<String, Object> config = new LinkedHashMap<>();
        request.config().filter(node -> !node.isNull()).ifPresent(node -> {
            if (!node.isObject()) {
                throw FlynnException.invalidField("config", "must be an object");
            }
            node.fields().forEachRemaining(entry -> {
                if (!entry.getValue().isNull()) {
                    config.put(entry.getKey(), state.json().convert(entry.getValue(), Object.class));
                }
            });
        });
        return config;
    }

    /** Notes that the provider is about to be asked, so that what it gives is not lost with this controller. */
    private Versioned<PendingResource> announce(Provider provider, Map<String, Object> config) {
        Instant end = state.clock().instant().plus(AbandonedResources.PATIENCE);
        var request = new PendingResource(ResourceId.random(), provider.id(), config, 0, end);
        String id = request.id().toString();
        Transaction.Builder transaction = Transaction.builder();
        tables.pendingResources().create(transaction, id, request);
        if (!state.commit(transaction).committed()) {
            throw FlynnException.unavailable("resource %s exists already".formatted(id), null);
        }
        return tables.pendingResources().get(id);
    }

    /**
     * After a refusal, and where nobody could be asked, there is nothing; after anything else there may be something, which is
     * undone as soon as possible.
     */
    private void settle(Versioned<PendingResource> pending, FlynnException failure) {
        Transaction.Builder transaction = Transaction.builder();
        if (failure.code() == ErrorCode.SERVICE_UNAVAILABLE && !isUnasked(failure)) {
            PendingResource due = pending.value().postponed(0, state.clock().instant());
            tables.pendingResources().replace(transaction, pending, due);
        } else {
            tables.pendingResources().remove(transaction, pending);
        }
        var unused = state.commit(transaction);
    }

    private static boolean isUnasked(FlynnException failure) {
        Throwable cause = failure.getCause();
        return cause instanceof ConnectException
                || cause instanceof NoRouteToHostException
                || cause instanceof UnknownHostException;
    }

    /** Makes a resource known that the provider has already. */
    public Resource put(String providerName, String id, KnownResource request) {
        Provider provider = get(providerName);
        var resource = new Resource(
                ResourceId.of(ReleaseCatalog.objectId("resource", id)),
                provider.id(),
                request.externalId(),
                request.env(),
                appIds(request.apps()),
                state.clock().instant());
        insert(Transaction.builder(), resource);
        return resource;
    }

    private void insert(Transaction.Builder transaction, Resource resource) {
        state.resources().create(transaction, resource.id().toString(), resource);
        tell(transaction, EventType.RESOURCE, resource);
        if (!state.commit(transaction).committed()) {
            throw FlynnException.unavailable("resource %s exists already".formatted(resource.id()), null);
        }
    }

    private List<AppId> appIds(List<String> idsOrNames) {
        return idsOrNames.stream().map(name -> apps.get(name).value().id()).toList();
    }

    public List<Resource> of(String providerName) {
        ProviderId provider = get(providerName).id();
        return Versioned.newestFirst(state.resources().list().stream()
                .filter(resource -> resource.value().provider().equals(provider))
                .toList());
    }

    public List<Resource> of(AppId app) {
        return Versioned.newestFirst(state.resources().list().stream()
                .filter(resource -> resource.value().apps().contains(app))
                .toList());
    }

    public Resource get(String providerName, String id) {
        return read(providerName, id).value();
    }

    private Versioned<Resource> read(String providerName, String id) {
        ProviderId provider = get(providerName).id();
        return Optional.of(state.resources().get(ReleaseCatalog.objectId("resource", id)))
                .filter(resource -> resource.value().provider().equals(provider))
                .orElseThrow(() -> FlynnException.notFound("resource", id));
    }

    /** All resources, newest first. */
    public List<Resource> listResources() {
        return Versioned.newestFirst(state.resources().list());
    }

    /** Lets another app use the resource; one that does already is fine. */
    public Resource link(String providerName, String id, String app) {
        AppId user = apps.get(app).value().id();
        while (true) {
            Versioned<Resource> read = read(providerName, id);
            if (read.value().apps().contains(user)) {
                return read.value();
            }
            Resource linked = read.value().withApp(user);
            Transaction.Builder transaction = Transaction.builder();
            state.resources().replace(transaction, read, linked);
            tell(transaction, EventType.RESOURCE, user, linked);
            if (state.commit(transaction).committed()) {
                return linked;
            }
        }
    }

    /**
     * The app does not use the resource any more, which lives on, though nobody may use it.
     *
     * @throws FlynnException {@code OBJECT_NOT_FOUND} also if the app does not use it
     */
    public Resource unlink(String providerName, String id, String app) {
        AppId user = apps.get(app).value().id();
        while (true) {
            Versioned<Resource> read = read(providerName, id);
            if (!read.value().apps().contains(user)) {
                throw FlynnException.notFound("resource of app", app);
            }
            Resource unlinked = read.value().withoutApp(user);
            Transaction.Builder transaction = Transaction.builder();
            state.resources().replace(transaction, read, unlinked);
            tell(transaction, EventType.RESOURCE_APP_DELETION, user, unlinked);
            if (state.commit(transaction).committed()) {
                return unlinked;
            }
        }
    }

    /** Lets the provider delete the resource, then forgets it. */
    public Resource delete(String providerName, String id) {
        Versioned<Resource> read = read(providerName, id);
        deletion.deprovision(read.value());
        Transaction.Builder transaction = Transaction.builder();
        state.resources().remove(transaction, read);
        tell(transaction, EventType.RESOURCE_DELETION, read.value());
        if (!state.commit(transaction).committed()) {
            throw FlynnException.unavailable("resource %s was changed by somebody else".formatted(id), null);
        }
        return read.value();
    }

    private void tell(Transaction.Builder transaction, EventType type, Resource resource) {
        resource.apps().forEach(app -> tell(transaction, type, app, resource));
    }

    private void tell(Transaction.Builder transaction, EventType type, AppId app, Resource resource) {
        state.events().append(transaction, type, Optional.of(app), resource.id().toString(), resource);
    }
}
