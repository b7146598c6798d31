package dev.flynn.sdutil;

import dev.flynn.api.discovery.Instance;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What templates may ask for: {@code .Env.NAME}, {@code (.ServiceSet "name")} with {@code .Leader}, {@code .Services} and
 * {@code .Addrs}, and of a service its {@code .Addr}, {@code .Host}, {@code .Port} and {@code .Attrs.name}. Only what was asked
 * for counts when something changes.
 */
final class ServiceFields implements Template.Fields {

    /** A service that a template asked for has no instance yet. */
    static final class NotThereYet extends RuntimeException {

        private static final long serialVersionUID = 1L;

        NotThereYet(String service) {
            super(service, null, false, false);
        }
    }

    private record Root() {}

    private record Env() {}

    private record ServiceSet(Services.State state) {}

    static final Object ROOT = new Root();

    private final Services services;
    private final Map<String, String> env;

    ServiceFields(Services services, Map<String, String> env) {
        this.services = services;
        this.env = new LinkedHashMap<>(env);
    }

    @Override
    public Optional<Object> get(Object value, String name, Optional<String> argument) {
        if (value instanceof Root) {
            return ofRoot(name, argument);
        } else if (value instanceof Env) {
            return Optional.of(env.getOrDefault(name, ""));
        } else if (value instanceof ServiceSet set) {
            return ofSet(set.state(), name);
        } else if (value instanceof Instance instance) {
            return ofInstance(instance, name);
        } else if (value instanceof Map<?, ?> map) {
            return Optional.of(map.get(name) instanceof String text ? text : "");
        }
        throw unknown(name);
    }

    private Optional<Object> ofRoot(String name, Optional<String> argument) {
        if (name.equals("Env")) {
            return argument.isPresent() ? Optional.of(env.getOrDefault(argument.get(), "")) : Optional.of(new Env());
        }
        if (name.equals("ServiceSet") && argument.isPresent()) {
            String service = argument.get();
            services.follow(service);
            return Optional.of(new ServiceSet(services.state(service)
                    .filter(state -> !state.instances().isEmpty())
                    .orElseThrow(() -> new NotThereYet(service))));
        }
        throw unknown(name);
    }

    private static Optional<Object> ofSet(Services.State state, String name) {
        return switch (name) {
            case "Leader" -> state.leader().map(Object.class::cast);
            case "Services" -> Optional.of(state.instances());
            case "Addrs" ->
                Optional.of(state.instances().stream().map(Instance::addr).toList());
            default -> throw unknown(name);
        };
    }

    private static Optional<Object> ofInstance(Instance instance, String name) {
        return switch (name) {
            case "Addr" -> Optional.of(instance.addr());
            case "Host" -> Optional.of(instance.host());
            case "Port" -> Optional.of(String.valueOf(instance.port()));
            case "Attrs", "Meta" -> Optional.of(instance.meta());
            case "ID" -> Optional.of(instance.id());
            case "Proto" -> Optional.of(instance.proto());
            default -> throw unknown(name);
        };
    }

    private static Usage unknown(String name) {
        return new Usage(
                Usage.FATAL,
                "templates do not know .%s; there are %s"
                        .formatted(
                                name,
                                List.of(
                                        ".Env",
                                        ".ServiceSet \"name\"",
                                        ".Leader",
                                        ".Services",
                                        ".Addrs",
                                        ".Addr",
                                        ".Host",
                                        ".Port",
                                        ".Attrs")));
    }
}
