package dev.flynn.router.nginx;

import dev.flynn.api.error.FlynnException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An nginx that is installed here, and what it was built with.
 *
 * @param version such as {@code 1.22.1}
 * @param streams whether it can carry TCP
 * @param streamModule to load for that, if it is not built in
 * @param http2 whether it speaks HTTP/2
 */
record NginxBinary(Path path, String version, boolean streams, Optional<Path> streamModule, boolean http2) {

    private static final Pattern VERSION = Pattern.compile("nginx version: \\S*?/(\\d+)\\.(\\d+)\\.(\\d+)");
    private static final Pattern MODULES = Pattern.compile("--modules-path=(\\S+)");
    private static final String STREAM_MODULE = "ngx_stream_module.so";

    /** {@code ssl_reject_handshake} and {@code -e} came with 1.19.5, half-closing of TCP with 1.21.4. */
    private static final List<Integer> OLDEST = List.of(1, 21, 4);

    private static final List<String> PLACES =
            List.of("/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx", "/usr/local/nginx/sbin/nginx");

    /** The one that packages install. */
    static Path installed() {
        return PLACES.stream()
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> FlynnException.invalidField(
                        "nginx",
                        "must be the path of an nginx, because there is none at " + PLACES
                                + "; on Debian: apt-get install nginx-core libnginx-mod-stream"));
    }

    /** Asks an nginx about itself. */
    static NginxBinary at(Path path) {
        if (!Files.isExecutable(path)) {
            throw FlynnException.invalidField(
                    "nginx", "must be the path of an nginx; %s cannot be run".formatted(path));
        }
        return of(path, Commands.run(List.of(path.toString(), "-V")).output(), Files::exists);
    }

    /** @param about what {@code nginx -V} prints */
    static NginxBinary of(Path path, String about, java.util.function.Predicate<Path> exists) {
        Matcher version = VERSION.matcher(about);
        if (!version.find()) {
            throw FlynnException.invalidField(
                    "nginx", "must be the path of an nginx; %s is something else".formatted(path));
        }
        List<Integer> numbers = List.of(
                Integer.parseInt(version.group(1)),
                Integer.parseInt(version.group(2)),
                Integer.parseInt(version.group(3)));
        String name = "%d.%d.%d".formatted(numbers.toArray());
        if (compare(numbers, OLDEST) < 0) {
            throw FlynnException.invalidField("nginx", "must be 1.21.4 or newer; %s is %s".formatted(path, name));
        }
        Matcher modules = MODULES.matcher(about);
        Optional<Path> module = modules.find()
                ? Optional.of(Path.of(modules.group(1), STREAM_MODULE)).filter(exists)
                : Optional.empty();
        boolean builtIn =
                about.contains("--with-stream ") || about.stripTrailing().endsWith("--with-stream");
        return new NginxBinary(
                path,
                name,
                builtIn || module.isPresent(),
                builtIn ? Optional.empty() : module,
                about.contains("--with-http_v2_module"));
    }

    private static int compare(List<Integer> one, List<Integer> other) {
        for (int i = 0; i < one.size(); i++) {
            int order = one.get(i).compareTo(other.get(i));
            if (order != 0) {
                return order;
            }
        }
        return 0;
    }
}
