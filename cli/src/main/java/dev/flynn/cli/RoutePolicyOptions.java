package dev.flynn.cli;

import dev.flynn.api.route.RoutePolicy;
import dev.flynn.api.route.RoutePolicy.HeaderRules;
import dev.flynn.api.route.RoutePolicy.HealthCheck;
import dev.flynn.api.route.RoutePolicy.Maintenance;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** The options that say what the router does with a route's requests besides carrying them, and how each is taken back. */
final class RoutePolicyOptions {

    private static final String MAINTENANCE_TEXT = "This application is being worked on. Please try again later.\n";

    /** Each can be taken back by itself: {@code --no-…}. */
    private static final List<String> FLAGS = List.of("https-redirect", "maintenance", "auth-digest");

    private static final List<String> VALUES = List.of(
            "rate",
            "rate-per-client",
            "max-concurrent",
            "max-body",
            "timeout",
            "dial-timeout",
            "idle-timeout",
            "health-path");

    private static final List<String> OTHER_VALUES = List.of(
            "maintenance-page",
            "auth-user",
            "no-auth-user",
            "health-interval",
            "health-timeout",
            "header-add",
            "header-remove",
            "request-header-add",
            "request-header-remove",
            "no-header");

    private static final List<String> OTHER_FLAGS = List.of("no-auth", "no-headers");

    private final Arguments arguments;
    private final Path directory;
    private final UnaryOperator<String> passwords;

    /**
     * @param directory where files are looked for
     * @param passwords asks for that of a user
     */
    RoutePolicyOptions(Arguments arguments, Path directory, UnaryOperator<String> passwords) {
        this.arguments = arguments;
        this.directory = directory;
        this.passwords = passwords;
    }

    static List<Option> options() {
        Stream<Option> flags = Stream.of(FLAGS.stream(), negations(), OTHER_FLAGS.stream())
                .flatMap(names -> names)
                .map(Option::flag);
        Stream<Option> values =
                Stream.concat(VALUES.stream(), OTHER_VALUES.stream()).map(Option::value);
        return Stream.concat(flags, values).toList();
    }

    private static Stream<String> negations() {
        return Stream.concat(FLAGS.stream(), VALUES.stream()).map(name -> "no-" + name);
    }

    static List<String> names() {
        return options().stream().map(Option::name).toList();
    }

    /** What the options make of a policy. */
    RoutePolicy change(RoutePolicy before) {
        return before.toBuilder()
                .redirectToHttps(isWanted("https-redirect", before.redirectToHttps()))
                .maintenance(maintenance(before.maintenance()))
                .auth(new RouteUsers(arguments, passwords).change(before.auth()))
                .rateLimit(changed("rate", before.rateLimit(), RouteValues::rate))
                .clientRateLimit(changed("rate-per-client", before.clientRateLimit(), RouteValues::rate))
                .maxConcurrent(maxConcurrent(before.maxConcurrent()))
                .maxBodyBytes(maxBodyBytes(before.maxBodyBytes()))
                .requestHeaders(headers("request-header-add", "request-header-remove", before.requestHeaders()))
                .responseHeaders(headers("header-add", "header-remove", before.responseHeaders()))
                .healthCheck(healthCheck(before.healthCheck()))
                .dialTimeout(changed("dial-timeout", before.dialTimeout(), RouteValues::time))
                .responseTimeout(changed("timeout", before.responseTimeout(), RouteValues::time))
                .idleTimeout(changed("idle-timeout", before.idleTimeout(), RouteValues::time))
                .build();
    }

    /** Reads the text of the option that it is told the name of. */
    private interface Reader<T> {
        T read(String option, String text);
    }

    private <T> Optional<T> changed(String name, Optional<T> before, Reader<T> reader) {
        if (arguments.has("no-" + name)) {
            return Optional.empty();
        }
        return arguments.option(name).map(text -> reader.read(name, text)).or(() -> before);
    }

    private boolean isWanted(String flag, boolean before) {
        return !arguments.has("no-" + flag) && (arguments.has(flag) || before);
    }

    private OptionalInt maxConcurrent(OptionalInt before) {
        Optional<Integer> wanted =
                changed("max-concurrent", before.stream().boxed().findAny(), RouteValues::number);
        return wanted.map(OptionalInt::of).orElse(OptionalInt.empty());
    }

    private OptionalLong maxBodyBytes(OptionalLong before) {
        Optional<Long> wanted = changed("max-body", before.stream().boxed().findAny(), RouteValues::bytes);
        return wanted.map(OptionalLong::of).orElse(OptionalLong.empty());
    }

    private Optional<Maintenance> maintenance(Optional<Maintenance> before) {
        if (arguments.has("no-maintenance")) {
            return Optional.empty();
        }
        Optional<String> page = arguments.option("maintenance-page");
        if (page.isPresent()) {
            return Optional.of(page(page.get()));
        }
        return before.isEmpty() && arguments.has("maintenance")
                ? Optional.of(Maintenance.text(MAINTENANCE_TEXT))
                : before;
    }

    private Maintenance page(String file) {
        try {
            String text = Files.readString(directory.resolve(file));
            boolean isHtml = file.endsWith(".html") || file.endsWith(".htm");
            String type = isHtml ? "text/html; charset=utf-8" : Maintenance.PLAIN_TEXT;
            return new Maintenance(503, type, text, Optional.empty());
        } catch (IOException e) {
            throw new CliException("cannot read the maintenance page: " + FileProblem.of(e), e);
        }
    }

    private Optional<HealthCheck> healthCheck(Optional<HealthCheck> before) {
        if (arguments.has("no-health-path")) {
            return Optional.empty();
        }
        Optional<String> path = arguments.option("health-path");
        boolean hasTimes = arguments.has("health-interval") || arguments.has("health-timeout");
        if (before.isEmpty() && path.isEmpty()) {
            if (hasTimes) {
                throw new CliException("--health-interval and --health-timeout need --health-path");
            }
            return Optional.empty();
        }
        HealthCheck base = before.orElseGet(() -> HealthCheck.of("/"));
        return Optional.of(new HealthCheck(
                path.orElse(base.path()),
                time("health-interval", base.interval()),
                time("health-timeout", base.timeout()),
                base.unhealthyAfter(),
                base.healthyAfter()));
    }

    private Duration time(String option, Duration before) {
        return arguments
                .option(option)
                .map(text -> RouteValues.time(option, text))
                .orElse(before);
    }

    private HeaderRules headers(String add, String remove, HeaderRules before) {
        Map<String, String> set = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        Map<String, Boolean> removed = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        if (!arguments.has("no-headers")) {
            set.putAll(before.set());
            before.remove().forEach(name -> removed.put(name, true));
        }
        for (String name : arguments.all("no-header")) {
            set.remove(name);
            removed.remove(name);
        }
        for (String field : arguments.all(add)) {
            String[] nameAndValue = RouteValues.pair(add, field, ':', "a field such as 'X-Frame-Options: DENY'");
            set.remove(nameAndValue[0]);
            set.put(nameAndValue[0], nameAndValue[1]);
            removed.remove(nameAndValue[0]);
        }
        for (String name : arguments.all(remove)) {
            set.remove(name);
            removed.put(name, true);
        }
        Set<String> names = new HashSet<>(removed.keySet());
        return new HeaderRules(set, names);
    }
}
