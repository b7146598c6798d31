package dev.flynn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.domain.DomainMigration;
import dev.flynn.api.domain.TlsCertificate;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.Event;
import dev.flynn.api.event.EventType;
import dev.flynn.client.ControllerClient;
import dev.flynn.client.EventFilter;
import dev.flynn.client.EventStream;
import dev.flynn.json.FlynnJson;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** {@code flynn cluster migrate-domain}: moves the cluster to another domain, and this program's settings with it. */
final class DomainMove {

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final Context context;
    private final boolean asJson;
    private final Cluster cluster;
    private final FlynnJson json = new FlynnJson();

    /** @param asJson whether what is told in the end is JSON, and nothing else is told */
    DomainMove(Context context, boolean asJson) {
        this.context = context;
        this.asJson = asJson;
        this.cluster = context.cluster();
    }

    void run(String domain, boolean yes) {
        ControllerClient controller = context.controller();
        String old = controller
                .findAppRelease("controller")
                .map(release -> release.env().getOrDefault("DEFAULT_ROUTE_DOMAIN", ""))
                .orElse("");
        Console console = context.console();
        if (!yes && !console.confirm("Migrate cluster domain from \"" + old + "\" to \"" + domain + "\"?")) {
            console.print("Aborted");
            return;
        }
        say("Migrating cluster domain (this can take up to 2m0s)...");
        console.flush();
        DomainMigration finished = migrate(controller, old, domain);
        say("Changed cluster domain from \"" + old + "\" to \"" + domain + "\"");
        updateSettings(old, finished);
        if (asJson) {
            context.printJson(new Moved(finished.id(), old, finished.domain(), pin(finished), finished.finishedAt()));
        }
    }

    /** What is shown of a migration; the new certificate's key is not. */
    record Moved(String id, String oldDomain, String domain, String tlsPin, Optional<Instant> finishedAt) {}

    private void say(String line) {
        if (!asJson) {
            context.console().print(line);
        }
    }

    private DomainMigration migrate(ControllerClient controller, String old, String domain) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        try (EventStream events = controller.events(events(Optional.empty()))) {
            return await(events, controller.migrateDomain(old, domain), cluster.tlsPin(), deadline);
        }
    }

    private static EventFilter events(Optional<String> migration) {
        return new EventFilter(Optional.empty(), List.of(EventType.DOMAIN_MIGRATION), migration, migration.isPresent());
    }

    /** On the way the routers change their certificate; whom that cuts off goes on with the new one's pin. */
    private DomainMigration await(EventStream events, DomainMigration begun, String trusted, long deadline) {
        DomainMigration latest = begun;
        try {
            while (latest.finishedAt().isEmpty()) {
                latest = next(events, deadline);
            }
            return latest;
        } catch (FlynnException lost) {
            String pin = pin(latest);
            if (pin.isEmpty() || pin.equals(trusted)) {
                throw lost;
            }
            try (ControllerClient again = Context.controllerOf(cluster.withTlsPin(pin));
                    EventStream rest = again.events(events(Optional.of(latest.id())))) {
                return await(rest, latest, pin, deadline);
            }
        }
    }

    private DomainMigration next(EventStream events, long deadline) {
        try {
            Event event = events.next(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())))
                    .orElseThrow(() -> new CliException("timed out waiting for domain migration to complete"));
            JsonNode data = json.readTree(event.data());
            String error = data.path("error").asText();
            if (!error.isEmpty()) {
                context.console().tell(error);
            }
            return json.convert(data.path("domain_migration"), DomainMigration.class);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CliException("interrupted", e);
        }
    }

    private static String pin(DomainMigration migration) {
        return migration.tlsCert().map(TlsCertificate::pin).orElse("");
    }

    private void updateSettings(String old, DomainMigration finished) {
        Cluster moved = moved(cluster, old, finished.domain(), pin(finished));
        ClusterFile file = context.clusterFile();
        file.write(file.read().with(cluster, moved));
        var git = new GitSettings(context);
        if (!cluster.gitUrl().isEmpty() && git.has(cluster)) {
            git.remove(cluster);
            git.add(moved, finished.tlsCert().map(TlsCertificate::caCert).orElse(""));
        }
        say("Updated local CLI configuration");
    }

    /** The same cluster under its new names; addresses that have nothing to do with the old domain stay. */
    static Cluster moved(Cluster cluster, String old, String domain, String pin) {
        return new Cluster(
                cluster.name(),
                cluster.key(),
                pin.isEmpty() ? cluster.tlsPin() : pin,
                moved(cluster.controllerUrl(), old, domain),
                moved(cluster.gitUrl(), old, domain),
                moved(cluster.oauthUrl(), old, domain),
                moved(cluster.imageUrl(), old, domain),
                moved(cluster.dockerPushUrl(), old, domain));
    }

    /** Whatever port the URL has, it keeps. */
    private static String moved(String url, String old, String domain) {
        int host = Math.min(url.indexOf("://") + "://".length(), url.length());
        int end = host;
        while (end < url.length() && url.charAt(end) != ':' && url.charAt(end) != '/') {
            end++;
        }
        String name = url.substring(host, end);
        boolean isBelow = !old.isEmpty() && name.endsWith("." + old);
        return isBelow ? url.substring(0, end - old.length()) + domain + url.substring(end) : url;
    }
}
