package dev.flynn.controller.http;

import dev.flynn.access.AuditTrail;
import dev.flynn.access.ConfiguredKeys;
import dev.flynn.access.EitherAuthenticator;
import dev.flynn.access.NamedKeys;
import dev.flynn.base.Closer;
import dev.flynn.controller.Controller;
import dev.flynn.spi.auth.Authenticator;
import dev.flynn.state.ClusterState;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Predicate;
import org.glassfish.jersey.inject.hk2.AbstractBinder;
import org.glassfish.jersey.server.ResourceConfig;
import org.glassfish.jersey.server.ServerProperties;

/** What the HTTP API is made of, whatever server is before it: the endpoints and what they need. */
final class ControllerApi implements AutoCloseable {

    private final Closer closer = new Closer();
    private final Controller controller;
    private final ClusterState state;
    private final Authenticator authenticator;
    private final RequestAudit audit;
    private final Addresses addresses;
    private final Confines confines;
    private final Streams streams = new Streams();
    private final EventLanes eventLanes;
    private final JsonBodies bodies;
    private final Failures failures;
    private final List<Object> endpoints;
    private final PathTable paths;

    /** @param others keys besides those of the configuration and of the store; closed with this */
    ControllerApi(ControllerConfig config, Controller controller, Authenticator others) {
        this.controller = controller;
        this.state = controller.state();
        this.bodies = new JsonBodies(state.json());
        this.failures = new Failures(state.json());
        this.confines = new Confines(state, controller.releases());
        var keys = new NamedKeys(state);
        var trail = new AuditTrail(state);
        this.authenticator =
                closer.register(new EitherAuthenticator(new ConfiguredKeys(config.authKeys()), keys, others));
        closer.register(trail);
        this.audit = new RequestAudit(trail, state.clock());
        this.addresses = closer.register(new Addresses(state));
        closer.register(streams);
        this.eventLanes = closer.register(new EventLanes(state));
        this.endpoints = endpoints(config, keys, trail);
        this.paths = new PathTable(endpoints);
    }

    private List<Object> endpoints(ControllerConfig config, NamedKeys keys, AuditTrail trail) {
        var apps = controller.apps();
        List<Object> all = new ArrayList<>(List.of(
                new ClusterEndpoint(state, config, controller.domainMigrations(), controller.backups()),
                new AppsEndpoint(apps, controller.releases(), controller.releaseCollector()),
                new ReleasesEndpoint(controller.releases()),
                new SlugsEndpoint(apps, controller.slugs(), config.authKeys().get(0)),
                new ImagesEndpoint(apps, controller.images(), config.authKeys().get(0)),
                new ArtifactsEndpoint(controller.releases()),
                new FormationsEndpoint(
                        state,
                        bodies,
                        apps,
                        controller.releases(),
                        controller.formations(),
                        controller.scaleRequests(),
                        streams),
                new JobsEndpoint(apps, controller.jobs()),
                new DeploymentsEndpoint(apps, controller.deployments()),
                new RoutesEndpoint(apps, controller.routes()),
                new AcmeEndpoint(state),
                new ProvidersEndpoint(apps, controller.providers()),
                new EventsEndpoint(state, apps, confines, streams, eventLanes),
                new VolumesEndpoint(state, apps, controller.volumes(), streams),
                new SinksEndpoint(state, controller.sinks(), streams),
                new AccessEndpoint(keys),
                new AuditEndpoint(state, trail, streams),
                new LogEndpoint(state.json(), apps, controller.logs(), streams)));
        all.add(new DescriptionEndpoint(all, state.json()));
        return all;
    }

    /** @param barred the addresses whose keys are not looked at */
    Door door(Predicate<String> barred) {
        return new Door(authenticator, confines, paths, addresses, barred);
    }

    /** Starts jobs that are attached to connections; the caller closes it. */
    AttachHandler attachHandler(Executor input) {
        return new AttachHandler(state, controller.jobs().runner(), bodies, confines, failures, input);
    }

    /** The endpoints as an application of their own, for requests that have their {@link Visit} as a property. */
    ResourceConfig application() {
        var config = new ResourceConfig()
                .register(new Confinement(confines, state.json()))
                .register(bodies)
                .register(failures)
                .property(ServerProperties.WADL_FEATURE_DISABLE, true)
                .property(ServerProperties.FEATURE_AUTO_DISCOVERY_DISABLE, true)
                .property(ServerProperties.METAINF_SERVICES_LOOKUP_DISABLE, true)
                // nothing is held back, so that what is flushed leaves at once
                .property(ServerProperties.OUTBOUND_CONTENT_LENGTH_BUFFER, 0)
                .property(ServerProperties.RESPONSE_SET_STATUS_OVER_SEND_ERROR, true);
        endpoints.forEach(endpoint -> config.register(endpoint.getClass()));
        config.register(new AbstractBinder() {
            @Override
            protected void configure() {
                endpoints.forEach(endpoint -> bindEndpoint(this, endpoint));
            }
        });
        return config;
    }

    /** As a singleton under its class: Jersey warns of endpoints that are registered as instances. */
    private static <T> void bindEndpoint(AbstractBinder binder, T endpoint) {
        @SuppressWarnings("unchecked")
        Class<T> type = (Class<T>) endpoint.getClass();
        binder.bind(endpoint).to(type);
    }

    /** What there is to ask for. */
    PathTable paths() {
        return paths;
    }

    Failures failures() {
        return failures;
    }

    RequestAudit audit() {
        return audit;
    }

    /** Those that are being written; may be closed before this is. */
    Streams streams() {
        return streams;
    }

    /** Streams of events; may be closed before this is. */
    EventLanes eventLanes() {
        return eventLanes;
    }

    /** Ends streams, writes the audit's last entries. */
    @Override
    public void close() {
        closer.close();
    }
}
