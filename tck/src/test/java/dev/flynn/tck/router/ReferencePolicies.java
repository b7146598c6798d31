package dev.flynn.tck.router;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.route.RoutePolicy;
import dev.flynn.api.route.RoutePolicy.Auth;
import dev.flynn.api.route.RoutePolicy.HeaderRules;
import dev.flynn.api.route.RoutePolicy.RateLimit;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouterCapability;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** What the reference router does with policies; wrong routers leave one of them out. */
class ReferencePolicies {

    static final Set<RouterCapability> CAPABILITIES = EnumSet.of(
            RouterCapability.MAINTENANCE,
            RouterCapability.BASIC_AUTH,
            RouterCapability.RATE_LIMIT,
            RouterCapability.CONCURRENCY_LIMIT,
            RouterCapability.BODY_LIMIT,
            RouterCapability.HEADERS,
            RouterCapability.WEIGHTS,
            RouterCapability.TIMEOUTS,
            RouterCapability.KEEP_ALIVE_SWITCH);

    private static final int DIAL_MILLIS = 1000;

    private final Map<String, Double> due = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> inside = new ConcurrentHashMap<>();

    /** An answer of the router's own. */
    record Refusal(int status, String reason, String fields, String body) {

        Refusal(int status, String reason) {
            this(status, reason, "", reason + "\n");
        }

        byte[] bytes(boolean keep) {
            byte[] content = body.getBytes(UTF_8);
            String head = "HTTP/1.1 %d %s\r\nContent-Length: %d\r\n%s%s\r\n"
                    .formatted(status, reason, content.length, fields, keep ? "" : "Connection: close\r\n");
            return (head + new String(content, ISO_8859_1)).getBytes(ISO_8859_1);
        }
    }

    final Optional<Refusal> refuses(HttpRoute route, HttpMessage request, String client) {
        RoutePolicy policy = route.policy();
        return Stream.of(
                        maintenance(policy),
                        policy.auth().flatMap(auth -> auth(auth, request)),
                        policy.clientRateLimit().flatMap(limit -> rate(limit, route.id() + " " + client)),
                        policy.rateLimit().flatMap(limit -> rate(limit, route.id())),
                        body(policy, request))
                .flatMap(Optional::stream)
                .findFirst();
    }

    // ---- what wrong routers do otherwise

    Optional<Refusal> maintenance(RoutePolicy policy) {
        return policy.maintenance()
                .map(page -> new Refusal(
                        page.status(),
                        "Maintenance",
                        "Content-Type: " + page.contentType() + "\r\n"
                                + page.retryAfter()
                                        .map(after -> "Retry-After: " + after.toSeconds() + "\r\n")
                                        .orElse(""),
                        page.body()));
    }

    Optional<Refusal> auth(Auth auth, HttpMessage request) {
        String given = request.field("Authorization").orElse("");
        String decoded;
        try {
            decoded =
                    given.startsWith("Basic ") ? new String(Base64.getDecoder().decode(given.substring(6)), UTF_8) : "";
        } catch (IllegalArgumentException notBase64) {
            decoded = "";
        }
        int colon = decoded.indexOf(':');
        String user = colon < 0 ? "" : decoded.substring(0, colon);
        String text = user + ":" + auth.realm() + (colon < 0 ? "" : decoded.substring(colon));
        String hash = auth.isMd5() ? Hashes.md5(text) : Hashes.sha256(text);
        return hash.equals(auth.users().get(user))
                ? Optional.empty()
                : Optional.of(new Refusal(
                        401,
                        "Unauthorized",
                        "WWW-Authenticate: Basic realm=\"%s\"\r\n".formatted(auth.realm()),
                        "Unauthorized\n"));
    }

    Optional<Refusal> rate(RateLimit limit, String whose) {
        double interval = (double) limit.per().toNanos() / limit.requests();
        double now = System.nanoTime();
        var refused = new boolean[1];
        due.compute(whose, (key, before) -> {
            double from = Math.max(before == null ? now : before, now);
            refused[0] = from - now > interval * (limit.burst() - 1);
            return refused[0] ? from : from + interval;
        });
        return refused[0] ? Optional.of(new Refusal(429, "Too Many Requests")) : Optional.empty();
    }

    /** One in chunks tells no length, and is refused if there is a limit at all. */
    Optional<Refusal> body(RoutePolicy policy, HttpMessage request) {
        if (policy.maxBodyBytes().isEmpty()) {
            return Optional.empty();
        }
        long length = request.field("Transfer-Encoding").isPresent()
                ? Long.MAX_VALUE
                : request.field("Content-Length").map(Long::parseLong).orElse(0L);
        return length > policy.maxBodyBytes().getAsLong()
                ? Optional.of(new Refusal(413, "Content Too Large"))
                : Optional.empty();
    }

    boolean enter(HttpRoute route) {
        int before =
                inside.computeIfAbsent(route.id(), id -> new AtomicInteger()).getAndIncrement();
        return before < route.policy().maxConcurrent().orElse(Integer.MAX_VALUE);
    }

    void leave(HttpRoute route) {
        inside.computeIfAbsent(route.id(), id -> new AtomicInteger()).decrementAndGet();
    }

    List<String> edited(HeaderRules rules, List<String> fields) {
        Set<String> dropped = ConcurrentHashMap.newKeySet();
        Stream.concat(rules.remove().stream(), rules.set().keySet().stream())
                .forEach(name -> dropped.add(name.toLowerCase(Locale.ROOT)));
        List<String> edited = new ArrayList<>(fields);
        edited.removeIf(
                line -> dropped.contains(line.substring(0, line.indexOf(':')).toLowerCase(Locale.ROOT)));
        rules.set().forEach((name, value) -> edited.add(name + ": " + value));
        return edited;
    }

    /** @param hasBackend whether a service has any */
    String service(HttpRoute route, java.util.function.Predicate<String> hasBackend) {
        List<HttpRoute.Target> targets = route.targets().stream()
                .filter(target -> hasBackend.test(target.service()))
                .toList();
        int total = targets.stream().mapToInt(HttpRoute.Target::weight).sum();
        int left = total == 0 ? 0 : ThreadLocalRandom.current().nextInt(total);
        for (HttpRoute.Target target : targets) {
            left -= target.weight();
            if (left < 0) {
                return target.service();
            }
        }
        return route.service();
    }

    int dialMillis(RoutePolicy policy) {
        return policy.dialTimeout().map(time -> (int) time.toMillis()).orElse(DIAL_MILLIS);
    }

    /** 0 for ever. */
    int responseMillis(RoutePolicy policy) {
        return policy.responseTimeout().map(time -> (int) time.toMillis()).orElse(0);
    }
}
