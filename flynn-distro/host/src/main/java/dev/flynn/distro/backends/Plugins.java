package dev.flynn.distro.backends;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.container.ContainerBackendFactory;
import dev.flynn.spi.dns.DnsChallengeProviderFactory;
import dev.flynn.spi.resource.ResourceProviderFactory;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What others wrote: jars in a folder, with what they need, and with a line in {@code META-INF/services} for the factory of a
 * container backend, a resource provider, a DNS provider or a scheduler. Beside them a file {@code NAME.properties} may have settings of what
 * is named NAME.
 */
public final class Plugins {

    private static final String JAR = "*.jar";

    private final Path folder;
    private final Map<String, ContainerBackendFactory> backends = new TreeMap<>();
    private final Map<String, ResourceProviderFactory> providers = new TreeMap<>();
    private final Map<String, DnsChallengeProviderFactory> dnsProviders = new TreeMap<>();
    private ClassLoader loader = Plugins.class.getClassLoader();

    private Plugins(Path folder) {
        this.folder = folder;
    }

    /** Those of this installation. */
    public static Plugins ofInstallation() {
        String home = System.getProperty("flynn.home");
        return home == null ? new Plugins(Path.of("plugins")) : in(Path.of(home, "plugins"));
    }

    /** @throws FlynnException {@code VALIDATION} if a jar cannot be used, or two have a backend of the same name */
    static Plugins in(Path folder) {
        var plugins = new Plugins(folder);
        if (Files.isDirectory(folder)) {
            plugins.load();
        }
        return plugins;
    }

    private void load() {
        // never closed: what it loaded is used until this process ends
        loader = new URLClassLoader(jars(), Plugins.class.getClassLoader());
        load(ContainerBackendFactory.class, "backend", ContainerBackendFactory::name, backends);
        load(ResourceProviderFactory.class, "resource provider", ResourceProviderFactory::name, providers);
        load(DnsChallengeProviderFactory.class, "DNS provider", DnsChallengeProviderFactory::name, dnsProviders);
    }

    private <F> void load(Class<F> type, String what, Function<F, String> name, Map<String, F> byName) {
        try {
            ServiceLoader.load(type, loader).stream()
                    .filter(provider -> provider.type().getClassLoader() == loader)
                    .map(ServiceLoader.Provider::get)
                    .forEach(factory -> {
                        if (byName.putIfAbsent(name.apply(factory), factory) != null) {
                            throw FlynnException.invalid(
                                    "two jars in %s have a %s %s".formatted(folder, what, name.apply(factory)));
                        }
                    });
        } catch (ServiceConfigurationError | LinkageError e) {
            throw FlynnException.invalid("a jar in %s cannot be used: %s".formatted(folder, e.getMessage()));
        }
    }

    private URL[] jars() {
        List<URL> jars = new ArrayList<>();
        try (var files = Files.newDirectoryStream(folder, JAR)) {
            for (Path file : files) {
                jars.add(url(file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return jars.toArray(URL[]::new);
    }

    private static URL url(Path file) throws MalformedURLException {
        return file.toUri().toURL();
    }

    /** Of the backends. */
    List<String> names() {
        return List.copyOf(backends.keySet());
    }

    /** A backend. */
    ContainerBackendFactory named(String name) {
        ContainerBackendFactory factory = backends.get(name);
        if (factory == null) {
            throw FlynnException.invalid("no jar in %s has a backend %s".formatted(folder, name));
        }
        return factory;
    }

    /** What provisions resources. */
    public Collection<ResourceProviderFactory> resourceProviders() {
        return Collections.unmodifiableCollection(providers.values());
    }

    /** What sets records of the DNS for certificate authorities. */
    public Collection<DnsChallengeProviderFactory> dnsProviders() {
        return Collections.unmodifiableCollection(dnsProviders.values());
    }

    /** Finds what is in the jars, and what this program has itself. */
    public ClassLoader loader() {
        return loader;
    }

    /** What the operator set; empty if there is no file. */
    public Map<String, String> settings(String name) throws IOException {
        Path file = folder.resolve(name + ".properties");
        if (!Files.exists(file)) {
            return Map.of();
        }
        var properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            properties.load(reader);
        }
        return properties.stringPropertyNames().stream().collect(Collectors.toMap(key -> key, properties::getProperty));
    }
}
