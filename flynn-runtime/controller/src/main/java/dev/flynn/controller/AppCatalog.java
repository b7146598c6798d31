package dev.flynn.controller;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.app.App;
import dev.flynn.api.app.Strategy;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.release.Release;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import dev.flynn.state.route.NewRoute;
import dev.flynn.state.route.Refused;
import dev.flynn.state.route.RouteCatalog;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Apps and their current releases. */
public final class AppCatalog {

    private static final Logger log = LoggerFactory.getLogger(AppCatalog.class);

    /** The keys that an update may have; another one is refused, unlike everywhere else. */
    private static final Set<String> FIELDS = Set.of(
            "id", "name", "meta", "strategy", "release", "deploy_timeout", "protected", "created_at", "updated_at");

    private static final String BAD_META = "Validation failed for each schema in 'anyOf'.";

    private final ClusterState state;
    private final ControllerTables tables;
    private final RouteCatalog routes;
    private final CurrentRelease currentRelease;
    private final Optional<String> defaultRouteDomain;
    private final RandomGenerator random = new SecureRandom();

    AppCatalog(ClusterState state, ControllerTables tables, RouteCatalog routes, Optional<String> defaultRouteDomain) {
        this.state = state;
        this.tables = tables;
        this.routes = routes;
        this.currentRelease = new CurrentRelease(state, tables);
        this.defaultRouteDomain = defaultRouteDomain;
    }

    /** What a client sends to create an app; the release is echoed and not stored. */
    public record NewApp(
            String id,
            String name,
            Map<String, String> meta,
            String strategy,
            String release,
            int deployTimeout,
            @JsonProperty("protected") boolean isProtected) {

        /** With this name and everything else by default. */
        public static NewApp named(String name) {
            return new NewApp("", name, Map.of(), "", "", 0, false);
        }

        public NewApp withMeta(Map<String, String> value) {
            return new NewApp(id, name, Map.copyOf(value), strategy, release, deployTimeout, isProtected);
        }

        public NewApp withStrategy(Strategy value) {
            return new NewApp(id, name, meta, value.wireName(), release, deployTimeout, isProtected);
        }
    }

    /** @throws FlynnException {@code OBJECT_NOT_FOUND} */
    public Versioned<App> get(String idOrName) {
        return state.findApp(idOrName).orElseThrow(() -> FlynnException.notFound("app", idOrName));
    }

    /** All apps, newest first. */
    public List<App> list() {
        return Versioned.newestFirst(state.apps().list());
    }

    public App create(NewApp request) {
        return createWritten(request).value();
    }

    /** As {@link #create}, with its JSON. */
    public Written<App> createWritten(NewApp request) {
        if (!request.name().isEmpty()) {
            App.requireValidName(request.name());
        }
        if (request.deployTimeout() < 0) {
            throw FlynnException.invalidField("deploy_timeout", "must not be negative, was " + request.deployTimeout());
        }
        AppId id = request.id().isEmpty() ? AppId.random() : AppId.of(request.id());
        Strategy strategy =
                request.strategy().isEmpty() ? Strategy.ALL_AT_ONCE : Strategy.ofWireName(request.strategy());
        int timeout = request.deployTimeout() == 0 ? App.DEFAULT_DEPLOY_TIMEOUT : request.deployTimeout();
        while (true) {
            String name = request.name().isEmpty() ? Names.random(random) : request.name();
            Instant now = state.clock().instant();
            var app = new App(
                    id, name, request.meta(), strategy, Optional.empty(), timeout, request.isProtected(), now, now);
            Transaction.Builder transaction = Transaction.builder();
            String written = insert(transaction, app);
            CommitResult result = state.commit(transaction);
            if (result.committed()) {
                return request.release().isEmpty()
                        ? new Written<>(app, written)
                        : echoed(app.withRelease(ReleaseId.of(request.release()), now));
            }
            Optional<String> conflict = result.conflictKey();
            if (conflict.equals(Optional.of(state.apps().key(id.toString())))) {
                throw FlynnException.exists("application with id \"%s\" already exists".formatted(id));
            }
            if (conflict.equals(Optional.of(ClusterState.appNameKey(name)))
                    && !request.name().isEmpty()) {
                throw FlynnException.exists("application \"%s\" already exists".formatted(name));
            }
        }
    }

    private Written<App> echoed(App app) {
        return new Written<>(app, state.json().write(app));
    }

    /** Adds: the app, and its default route; returns its JSON. */
    private String insert(Transaction.Builder transaction, App app) {
        String nameKey = ClusterState.appNameKey(app.name());
        transaction.whenAbsent(nameKey).put(nameKey, app.id().toString());
        String id = app.id().toString();
        String written = state.apps().createWritten(transaction, id, app);
        state.events().appendJson(transaction, EventType.APP, Optional.of(app.id()), id, written);
        addDefaultRoute(transaction, app);
        return written;
    }

    /** Adds the route, unless somebody has its domain; the app is created all the same. */
    private void addDefaultRoute(Transaction.Builder transaction, App app) {
        if (app.isSystemApp() || defaultRouteDomain.isEmpty()) {
            return;
        }
        String domain = app.name() + "." + defaultRouteDomain.get();
        try {
            routes.add(transaction, app.id(), NewRoute.http(domain, app.name() + "-web"));
        } catch (FlynnException | Refused e) {
            log.atWarn()
                    .addKeyValue("app", app.id())
                    .addKeyValue("domain", domain)
                    .addKeyValue("reason", e.getMessage())
                    .log("default route not created");
        }
    }

    /** Changes what the client names; {@code meta} replaces the whole map, null leaves it. */
    public App update(String idOrName, JsonNode patch) {
        requireKnownFields(patch);
        while (true) {
            Versioned<App> read = get(idOrName);
            App app = read.value();
            var changed = new App(
                    app.id(),
                    app.name(),
                    meta(patch.get("meta")).orElse(app.meta()),
                    strategy(patch.get("strategy")).orElse(app.strategy()),
                    app.release(),
                    number(patch.get("deploy_timeout")).orElse(app.deployTimeout()),
                    bool(patch.get("protected")).orElse(app.isProtected()),
                    app.createdAt(),
                    state.clock().instant());
            Transaction.Builder transaction = Transaction.builder();
            state.apps().replace(transaction, read, changed);
            tellApp(transaction, changed);
            if (state.commit(transaction).committed()) {
                return changed;
            }
        }
    }

    private static void requireKnownFields(JsonNode patch) {
        if (!patch.isObject()) {
            throw new FlynnException(ErrorCode.SYNTAX, FlynnJson.SYNTAX_ERROR);
        }
        for (Iterator<String> names = patch.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            if (!FIELDS.contains(name)) {
                throw FlynnException.invalid(
                        "Additional properties aren't allowed, found \"%s\" as one of its keys".formatted(name));
            }
        }
    }

    private static Optional<Map<String, String>> meta(@Nullable JsonNode node) {
        if (node == null || node.isNull()) {
            return Optional.empty();
        }
        Map<String, String> meta = new HashMap<>();
        if (!node.isObject()) {
            throw FlynnException.invalidField("meta", BAD_META);
        }
        node.properties().forEach(entry -> {
            if (!entry.getValue().isTextual()) {
                throw FlynnException.invalidField("meta", BAD_META);
            }
            meta.put(entry.getKey(), entry.getValue().textValue());
        });
        return Optional.of(meta);
    }

    private static Optional<Strategy> strategy(@Nullable JsonNode node) {
        return Optional.ofNullable(node)
                .map(JsonNode::asText)
                .filter(text -> !text.isEmpty() && !text.equals("null"))
                .map(Strategy::ofWireName);
    }

    private static Optional<Integer> number(@Nullable JsonNode node) {
        Optional<Integer> number =
                Optional.ofNullable(node).filter(JsonNode::isInt).map(JsonNode::intValue);
        number.filter(seconds -> seconds < 1).ifPresent(seconds -> {
            throw FlynnException.invalidField("deploy_timeout", "must be at least 1 second, was " + seconds);
        });
        return number;
    }

    private static Optional<Boolean> bool(@Nullable JsonNode node) {
        return Optional.ofNullable(node).filter(JsonNode::isBoolean).map(JsonNode::booleanValue);
    }

    /** Makes the app's deletion wanted; the worker carries it out. */
    public void delete(String idOrName) {
        App app = get(idOrName).value();
        if (app.isProtected()) {
            throw FlynnException.invalid(
                    "app \"%s\" is protected; set protected to false before deleting it".formatted(app.name()));
        }
        Transaction.Builder transaction = Transaction.builder();
        tables.deletions()
                .create(
                        transaction,
                        app.id().toString(),
                        new ControllerTables.AppDeletionRequest(
                                app.id(), 0, state.clock().instant()));
        // refused means that the deletion was wanted already
        var unused = state.commit(transaction);
    }

    /** The app's current release. */
    public Release release(String idOrName) {
        App app = get(idOrName).value();
        ReleaseId release = app.release().orElseThrow(() -> FlynnException.notFound("release of app", idOrName));
        return state.releases().get(release.toString()).value();
    }

    /** Changes the pointer only; no job is started or stopped. */
    public Release setRelease(String idOrName, String releaseId) {
        while (true) {
            Versioned<App> read = get(idOrName);
            Release release = ReleaseCatalog.named(state, releaseId);
            Transaction.Builder transaction = Transaction.builder();
            currentRelease.set(transaction, read, release);
            if (state.commit(transaction).committed()) {
                return release;
            }
        }
    }

    private void tellApp(Transaction.Builder transaction, App app) {
        state.events()
                .append(
                        transaction,
                        EventType.APP,
                        Optional.of(app.id()),
                        app.id().toString(),
                        app);
    }
}
