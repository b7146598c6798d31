package dev.flynn.controller.http;

import dev.flynn.base.Closer;
import dev.flynn.spi.auth.Authenticator;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.MessageBodyReader;
import jakarta.ws.rs.ext.MessageBodyWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.annotation.Annotation;
import java.lang.reflect.Type;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Optional;
import org.glassfish.grizzly.http.server.HttpServer;
import org.glassfish.jersey.grizzly2.httpserver.GrizzlyHttpServerFactory;
import org.glassfish.jersey.server.ResourceConfig;
import org.glassfish.jersey.server.ServerProperties;

/** An application of others that wants its own for everything: bodies of all kinds, all failures, all answers. */
final class HostApplication implements AutoCloseable {

    static final String PREFIX = "/flynn";

    private final Closer closer = new Closer();
    private final ControllerFeature feature;
    private final int port;

    HostApplication(TestController controller, Authenticator others) {
        this.feature = ControllerFeature.at(PREFIX.substring(1), controller.config, controller.controller, others);
        HttpServer server = GrizzlyHttpServerFactory.createHttpServer(
                URI.create("http://127.0.0.1:0/"),
                new ResourceConfig(Orders.class)
                        .register(new OwnBodies())
                        .register(new OwnFailures())
                        .register(new OwnFilter())
                        .property(ServerProperties.WADL_FEATURE_DISABLE, true)
                        .register(feature));
        closer.register(server::shutdownNow);
        // first, so that streams end in an application that is there
        closer.register(feature);
        this.port = server.getListeners().iterator().next().getPort();
    }

    /** Mounts the controller in such an application, and has its requests go there. */
    static void mount(TestController controller) {
        var host = new HostApplication(controller, key -> Optional.empty());
        controller.askElsewhere(host.port, PREFIX, host);
    }

    void closeFeature() {
        feature.close();
    }

    int port() {
        return port;
    }

    @Override
    public void close() {
        closer.close();
    }

    /** What it is about. */
    public record Order(String text) {}

    @Path("orders")
    @Produces("application/json")
    @Consumes("application/json")
    public static final class Orders {

        @GET
        public Order get() {
            return new Order("coffee");
        }

        @POST
        public Order post(Order order) {
            return new Order("two of " + order.text());
        }

        @GET
        @Path("failing")
        public Order fail() {
            throw new IllegalStateException("sold out");
        }
    }

    private static final class OwnBodies implements MessageBodyReader<Object>, MessageBodyWriter<Object> {

        @Override
        public boolean isReadable(Class<?> type, Type generic, Annotation[] annotations, MediaType mediaType) {
            return type.isRecord();
        }

        @Override
        public Object readFrom(
                Class<Object> type,
                Type generic,
                Annotation[] annotations,
                MediaType mediaType,
                MultivaluedMap<String, String> headers,
                InputStream body)
                throws IOException {
            return new Order(new String(body.readAllBytes(), StandardCharsets.UTF_8));
        }

        @Override
        public boolean isWriteable(Class<?> type, Type generic, Annotation[] annotations, MediaType mediaType) {
            return type.isRecord() || Collection.class.isAssignableFrom(type);
        }

        @Override
        public void writeTo(
                Object value,
                Class<?> type,
                Type generic,
                Annotation[] annotations,
                MediaType mediaType,
                MultivaluedMap<String, Object> headers,
                OutputStream body)
                throws IOException {
            body.write(("own:" + value).getBytes(StandardCharsets.UTF_8));
        }
    }

    private static final class OwnFailures implements ExceptionMapper<RuntimeException> {

        @Override
        public Response toResponse(RuntimeException failure) {
            return Response.status(418).entity("own:" + failure.getMessage()).build();
        }
    }

    private static final class OwnFilter implements ContainerResponseFilter {

        @Override
        public void filter(ContainerRequestContext request, ContainerResponseContext response) {
            response.getHeaders().putSingle("X-Own", "yes");
        }
    }
}
