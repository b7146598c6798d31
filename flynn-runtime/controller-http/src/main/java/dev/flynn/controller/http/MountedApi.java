package dev.flynn.controller.http;

import jakarta.annotation.Priority;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Configuration;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.StreamingOutput;
import java.lang.reflect.Method;
import java.net.URI;
import java.util.concurrent.TimeUnit;
import org.glassfish.jersey.internal.MapPropertiesDelegate;
import org.glassfish.jersey.server.ApplicationHandler;
import org.glassfish.jersey.server.ContainerRequest;
import org.glassfish.jersey.server.model.ModelProcessor;
import org.glassfish.jersey.server.model.Resource;
import org.glassfish.jersey.server.model.ResourceModel;

/** A resource of an application of others that passes requests on to our endpoints, which are an application inside. */
public final class MountedApi {

    private static final URI BASE = URI.create("http://controller/");
    private static final String PASSAGE = Passage.class.getName();

    private final ApplicationHandler application;
    private final RequestAudit audit;

    MountedApi(ApplicationHandler application, RequestAudit audit) {
        this.application = application;
        this.audit = audit;
    }

    /** Adds this to the resources of an application; {@link MountedDoor} lets nothing through that does not exist. */
    ModelProcessor at(String prefix, PathTable paths) {
        Resource.Builder resource = Resource.builder(prefix + "/{path: .*}");
        paths.methods()
                .forEach(method -> resource.addMethod(method)
                        .produces(MediaType.WILDCARD_TYPE)
                        .suspended(AsyncResponse.NO_TIMEOUT, TimeUnit.MILLISECONDS)
                        // not described as one of theirs
                        .extended(true)
                        .handledBy(this, handler()));
        return new Addition(resource.build());
    }

    private static Method handler() {
        try {
            return MountedApi.class.getMethod("pass", ContainerRequestContext.class, AsyncResponse.class);
        } catch (NoSuchMethodException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Has a request answered by our endpoints; {@link MountedDoor} has admitted it. */
    public void pass(@Context ContainerRequestContext request, @Suspended AsyncResponse response) {
        PathTable.Found found = Visit.of(request).request();
        String query = request.getUriInfo().getRequestUri().getRawQuery();
        URI uri = BASE.resolve(found.path() + (query == null ? "" : "?" + query));
        var properties = new MapPropertiesDelegate();
        var passage = new Passage(response);
        properties.setProperty(PASSAGE, passage);
        properties.setProperty(Visit.ATTRIBUTE, request.getProperty(Visit.ATTRIBUTE));
        properties.setProperty(Streams.CONNECTION, request.getProperty(Streams.CONNECTION));
        var inner = new ContainerRequest(
                BASE,
                uri,
                request.getMethod(),
                request.getSecurityContext(),
                properties,
                application.getConfiguration());
        request.getHeaders().forEach((name, values) -> inner.getHeaders().addAll(name, values));
        // what a body is said to be is not examined
        inner.getHeaders().putSingle("Content-Type", MediaType.APPLICATION_JSON);
        inner.setEntityStream(request.getEntityStream());
        inner.setWriter(passage);
        if (request.getProperty(RequestAudit.ATTRIBUTE) instanceof RequestAudit.Audited audited) {
            audit.during(audited, Answers.OK, () -> application.handle(inner));
        } else {
            throw new IllegalStateException("the request did not come through the door");
        }
    }

    /** Takes streams out of the answers of our endpoints, because the outer application has to write them. */
    @Priority(Integer.MIN_VALUE)
    static final class HandOver implements ContainerResponseFilter {

        @Override
        public void filter(ContainerRequestContext request, ContainerResponseContext response) {
            if (response.getEntity() instanceof StreamingOutput stream
                    && request.getProperty(PASSAGE) instanceof Passage passage) {
                passage.stream(response.getStatus(), response.getStringHeaders(), stream);
                response.setEntity(null);
            }
        }
    }

    private record Addition(Resource resource) implements ModelProcessor {

        @Override
        public ResourceModel processResourceModel(ResourceModel model, Configuration configuration) {
            return new ResourceModel.Builder(model, false).addResource(resource).build();
        }

        @Override
        public ResourceModel processSubResource(ResourceModel model, Configuration configuration) {
            return model;
        }
    }
}
