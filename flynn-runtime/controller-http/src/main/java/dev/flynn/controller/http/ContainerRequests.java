package dev.flynn.controller.http;

import java.util.Optional;
import org.glassfish.grizzly.Connection;
import org.glassfish.grizzly.http.server.Request;
import org.glassfish.jersey.internal.inject.InjectionManager;

/** What containers know of the request that is served, beyond what Jersey tells. */
final class ContainerRequests {

    private final InjectionManager services;

    ContainerRequests(InjectionManager services) {
        this.services = services;
    }

    /** The address at the other end; empty if the container does not tell. */
    String remote() {
        Optional<String> address = grizzly().map(Request::getRemoteAddr);
        if (address.isEmpty() && hasServlets()) {
            address = Servlets.remote(services);
        }
        return address.orElse("");
    }

    /** The connection, if the container is Grizzly. */
    Optional<Connection<?>> connection() {
        return grizzly().map(request -> request.getContext().getConnection());
    }

    private Optional<Request> grizzly() {
        return Optional.ofNullable(services.getInstance(Request.class));
    }

    private static boolean hasServlets() {
        try {
            Class.forName("jakarta.servlet.http.HttpServletRequest", false, ContainerRequests.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    /** Apart, because the classes of servlets may not be there. */
    private static final class Servlets {

        private Servlets() {}

        static Optional<String> remote(InjectionManager services) {
            return Optional.ofNullable(services.getInstance(jakarta.servlet.http.HttpServletRequest.class))
                    .map(jakarta.servlet.http.HttpServletRequest::getRemoteAddr);
        }
    }
}
