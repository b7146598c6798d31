package dev.flynn.distro.backends;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.container.ContainerBackendFactory;
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
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The backends of others: jars in a folder, each with what it needs and with a line in {@code
 * META-INF/services/dev.flynn.spi.container.ContainerBackendFactory}. Beside them a file {@code NAME.properties} may have
 * settings of the backend NAME.
 */
final class Plugins {

    private static final String JAR = "*.jar";

    private final Path folder;
    private final Map<String, ContainerBackendFactory> byName = new TreeMap<>();

    private Plugins(Path folder) {
        this.folder = folder;
    }

    /** Those of this installation. */
    static Plugins ofInstallation() {
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
        var loader = new URLClassLoader(jars(), Plugins.class.getClassLoader());
        try {
            ServiceLoader.load(ContainerBackendFactory.class, loader).stream()
                    .filter(provider -> provider.type().getClassLoader() == loader)
                    .map(ServiceLoader.Provider::get)
                    .forEach(this::add);
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

    private void add(ContainerBackendFactory factory) {
        if (byName.putIfAbsent(factory.name(), factory) != null) {
            throw FlynnException.invalid("two jars in %s have a backend %s".formatted(folder, factory.name()));
        }
    }

    List<String> names() {
        return List.copyOf(byName.keySet());
    }

    ContainerBackendFactory named(String name) {
        ContainerBackendFactory factory = byName.get(name);
        if (factory == null) {
            throw FlynnException.invalid("no jar in %s has a backend %s".formatted(folder, name));
        }
        return factory;
    }

    /** What the operator set; empty if there is no file. */
    Map<String, String> settings(String name) throws IOException {
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
