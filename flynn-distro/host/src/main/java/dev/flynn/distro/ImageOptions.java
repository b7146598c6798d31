package dev.flynn.distro;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.release.Artifact;
import dev.flynn.distro.backends.AppImageSettings;
import dev.flynn.images.ImageUris;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What an operator says of images; each option can be a variable of the environment too. */
final class ImageOptions {

    private static final String HOST = "host";
    private static final Pattern REGISTRY = Pattern.compile("[A-Za-z0-9.-]+(:\\d{1,5})?");
    private static final Pattern MIRROR =
            Pattern.compile("(" + REGISTRY.pattern() + ")=(" + REGISTRY.pattern() + "(/[a-z0-9._/-]*[a-z0-9])?)");

    @Option(
            names = "--stack",
            paramLabel = "IMAGE",
            description =
                    "What apps are built and run on, with --backend oci or docker: an image such as docker-archive:/srv/stack.tar (see 'flynn-host stack build'), or host, this host's own programs (default: $FLYNN_STACK, or host).")
    private @Nullable String stack;

    @Option(
            names = "--insecure-registry",
            paramLabel = "HOST[:PORT]",
            split = ",",
            description =
                    "With --backend oci: registries that are spoken to without TLS (default: $FLYNN_INSECURE_REGISTRY, or none).")
    private List<String> insecure = List.of();

    @Option(
            names = "--registry-mirror",
            paramLabel = "REGISTRY=MIRROR",
            split = ",",
            description =
                    "With --backend oci: asked before that registry; such as docker.io=mirror.example.com:5000/hub (default: $FLYNN_REGISTRY_MIRROR, or none).")
    private List<String> mirrors = List.of();

    @Option(
            names = "--registry-credentials",
            paramLabel = "FILE",
            description =
                    "With --backend oci: what 'docker login' has written, for registries that want to know who asks (default: $FLYNN_REGISTRY_CREDENTIALS, or none).")
    private @Nullable Path credentials;

    /** @throws FlynnException {@code VALIDATION} naming the option that is wrong */
    AppImageSettings settings(Map<String, String> environment) {
        String wantedStack = stack != null ? stack : environment.getOrDefault("FLYNN_STACK", "");
        return new AppImageSettings(
                wantedStack.isEmpty() || wantedStack.equals(HOST)
                        ? Optional.empty()
                        : Optional.of(requireImage(wantedStack)),
                new HashSet<>(listed("--insecure-registry", insecure, REGISTRY, environment)),
                byRegistry(listed("--registry-mirror", mirrors, MIRROR, environment)),
                credentialsFile(environment));
    }

    private static String requireImage(String uri) {
        try {
            ImageUris.check(new JobSpec.Image(Artifact.DOCKER, uri));
            return uri;
        } catch (FlynnException e) {
            throw FlynnException.invalidField("--stack", "is wrong: " + e.getMessage());
        }
    }

    private static List<String> listed(
            String option, List<String> given, Pattern form, Map<String, String> environment) {
        String variable = environment.getOrDefault(NetworkOptions.variable(option), "");
        List<String> values = given.isEmpty()
                ? Stream.of(variable.split(","))
                        .map(String::strip)
                        .filter(value -> !value.isEmpty())
                        .toList()
                : given;
        for (String value : values) {
            if (!form.matcher(value).matches()) {
                throw FlynnException.invalidField(
                        option,
                        "has the form %s, was \"%s\""
                                .formatted(
                                        form == MIRROR ? "<registry>=<host>[:<port>][/<path>]" : "<host>[:<port>]",
                                        value));
            }
        }
        return values;
    }

    private static Map<String, List<String>> byRegistry(List<String> mirrors) {
        Map<String, List<String>> byRegistry = new LinkedHashMap<>();
        for (String mirror : mirrors) {
            int equals = mirror.indexOf('=');
            byRegistry
                    .computeIfAbsent(mirror.substring(0, equals), registry -> new ArrayList<>())
                    .add(mirror.substring(equals + 1));
        }
        return byRegistry;
    }

    private Optional<Path> credentialsFile(Map<String, String> environment) {
        String variable = environment.getOrDefault("FLYNN_REGISTRY_CREDENTIALS", "");
        Optional<Path> file = Optional.ofNullable(credentials)
                .or(() -> variable.isEmpty() ? Optional.empty() : Optional.of(Path.of(variable)))
                .map(Path::toAbsolutePath);
        file.filter(path -> !Files.isReadable(path)).ifPresent(path -> {
            throw FlynnException.invalidField("--registry-credentials", "cannot be read: " + path);
        });
        return file;
    }
}
