package dev.flynn.controller.http;

import java.io.IOException;
import java.net.URL;
import java.util.Collections;
import java.util.Enumeration;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Hides from Jersey what it looks for on the class path to make the components of any application: containers of Spring and
 * CDI, which would look for a context of their own, and features that add themselves.
 */
final class Isolation extends ClassLoader {

    private static final String SERVICES = "META-INF/services/";

    private static final Set<String> HIDDEN = Set.of(
            SERVICES + "org.glassfish.jersey.server.spi.ComponentProvider",
            SERVICES + "org.glassfish.jersey.internal.spi.ForcedAutoDiscoverable");

    /** Jersey looks elsewhere where it finds nothing at all, so that it gets a file without names. */
    private static final String NOBODY = "nobody";

    private Isolation(ClassLoader parent) {
        super(parent);
    }

    /** Builds an application that has only what it was given. */
    static <T> T build(Supplier<T> application) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(new Isolation(before == null ? Isolation.class.getClassLoader() : before));
        try {
            return application.get();
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    @Override
    public Enumeration<URL> getResources(String name) throws IOException {
        URL nobody = Isolation.class.getResource(NOBODY);
        return HIDDEN.contains(name) && nobody != null
                ? Collections.enumeration(Set.of(nobody))
                : super.getResources(name);
    }
}
