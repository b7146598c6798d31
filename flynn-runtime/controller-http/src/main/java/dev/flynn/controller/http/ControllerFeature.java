package dev.flynn.controller.http;

import static java.util.Objects.requireNonNull;

import dev.flynn.base.Closer;
import dev.flynn.controller.Controller;
import dev.flynn.spi.auth.Authenticator;
import jakarta.ws.rs.core.Feature;
import jakarta.ws.rs.core.FeatureContext;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apiguardian.api.API;
import org.glassfish.jersey.InjectionManagerProvider;
import org.glassfish.jersey.server.ApplicationHandler;

/**
 * The controller's HTTP API as a part of another Jersey application, below a path of its own.
 *
 * <pre>{@code
 * ControllerFeature flynn = ControllerFeature.at("flynn", config, controller);
 * var application = new ResourceConfig(…).register(flynn);   // GET /flynn/apps
 * }</pre>
 *
 * <p>Promises: nothing changes for the other resources of the application, whatever readers, writers, mappers and filters
 * it has; nor do those change bodies and failures of the API, which runs as an application inside the other one. Filters that
 * the application has for all requests see those to the API, too, and the headers of the answers.
 *
 * <p>Requests are suspended, so that a servlet must support it. Streams work on every container; on others than Grizzly a
 * client that left is noticed when the next line, or the line that is sent every 30 seconds, cannot be written. Attached
 * jobs take over the connection of their request, which an application does not have: they are refused, and need a {@link
 * ControllerWeb}. A client whose keys were wrong too often gets 401 at once, without a look at its key, until its time is
 * over; where the container does not tell addresses, it is not.
 *
 * <p>The caller closes it, before the server that it is in, so that streams end, and before the controller. After that no
 * key is accepted.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public final class ControllerFeature implements Feature, AutoCloseable {

    private static final Pattern PREFIX = Pattern.compile("[\\w.~-]+(/[\\w.~-]+)*");

    private final Closer closer = new Closer();
    private final String prefix;
    private final ControllerApi api;
    private final MountedApi mounted;

    private ControllerFeature(String prefix, ControllerConfig config, Controller controller, Authenticator others) {
        this.prefix = prefix;
        this.api = closer.register(new ControllerApi(config, controller, others));
        try {
            ApplicationHandler application = Isolation.build(
                    () -> new ApplicationHandler(api.application().register(new MountedApi.HandOver())));
            closer.register(() -> application.getInjectionManager().shutdown());
            closer.register(api.streams());
            this.mounted = new MountedApi(application, api.audit());
        } catch (RuntimeException e) {
            closer.closeAfter(e);
            throw e;
        }
    }

    /**
     * Opens what the API needs.
     *
     * @param prefix one or more segments below which the API is, as {@code flynn}
     * @param config its address and port are not used
     */
    public static ControllerFeature at(String prefix, ControllerConfig config, Controller controller) {
        return at(prefix, config, controller, key -> Optional.empty());
    }

    /**
     * As {@link #at(String, ControllerConfig, Controller)}, with keys of others besides those of the configuration and of the
     * store.
     *
     * @param others is closed with this
     */
    public static ControllerFeature at(
            String prefix, ControllerConfig config, Controller controller, Authenticator others) {
        if (!PREFIX.matcher(prefix).matches()) {
            throw new IllegalArgumentException(
                    "the API is mounted below a path as \"flynn\", without slashes around it, was \"%s\""
                            .formatted(prefix));
        }
        return new ControllerFeature(prefix, config, controller, requireNonNull(others, "others"));
    }

    @Override
    public boolean configure(FeatureContext context) {
        var wrongKeys = new WrongKeys();
        context.register(new MountedDoor(
                prefix,
                api.door(address -> !address.isEmpty() && wrongKeys.wouldWait(address)),
                wrongKeys,
                api.failures(),
                api.audit(),
                new ContainerRequests(InjectionManagerProvider.getInjectionManager(context))));
        context.register(mounted.at(prefix, api.paths()));
        return true;
    }

    /** Ends streams, writes the audit's last entries. */
    @Override
    public void close() {
        closer.close();
    }
}
