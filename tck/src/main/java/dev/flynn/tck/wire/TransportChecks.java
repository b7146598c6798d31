package dev.flynn.tck.wire;

import static dev.flynn.tck.wire.Profile.FULL;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** Section 1, what holds of all requests: keys, CORS, paths, bodies. */
final class TransportChecks {

    private static final String ORIGIN = "https://dashboard.example.com";

    private TransportChecks() {}

    static void declare(Catalogue catalogue) {
        declarePing(catalogue);
        declareKeys(catalogue);
        declareCors(catalogue);
        declarePaths(catalogue);
        declareBodies(catalogue);
        declareErrors(catalogue);
    }

    private static void declarePing(Catalogue catalogue) {
        catalogue
                .endpoint("transport/ping", "§1.3", "GET /ping")
                .check(
                        "is-open",
                        "200 and an empty body, without a key",
                        lab -> lab.send(Request.of("GET", "/ping")).ok().empty())
                .from(FULL)
                .check("any-method", "whatever the method", lab -> {
                    for (String method : List.of("POST", "PUT", "DELETE", "PATCH")) {
                        lab.send(Request.of(method, "/ping")).ok().empty();
                    }
                });
    }

    private static void refused(Answer answer) {
        answer.is(401).empty().withoutHeader("WWW-Authenticate");
    }

    private static void declareKeys(Catalogue catalogue) {
        catalogue
                .endpoint("transport/keys", "§1.3", "any")
                .check(
                        "none",
                        "without a key: 401, an empty body, no challenge (surprise 3)",
                        lab -> refused(lab.send(Request.of("GET", "/apps"))))
                .check(
                        "wrong",
                        "with another key: the same",
                        lab -> refused(lab.send(Request.of("GET", "/apps")
                                .with("Authorization", WireClient.basic("not-" + Lab.uuid())))))
                .check(
                        "root",
                        "GET / without a key is 401, by which a controller is known to be ready",
                        lab -> refused(lab.send(Request.of("GET", "/"))))
                .check(
                        "any-user",
                        "the user is ignored",
                        lab -> lab.send(Request.of("GET", "/apps").with("Authorization", basic("somebody", lab.key())))
                                .ok())
                .check(
                        "parameter-for-streams",
                        "the key may be a parameter where the request accepts text/event-stream",
                        lab -> {
                            LiveStream stream = lab.open(
                                    Request.of("GET", "/events?object_id=" + Lab.uuid() + "&key=" + encoded(lab.key()))
                                            .with("Accept", "text/event-stream"));
                            Expect.same("status", 200, stream.status());
                        })
                .check(
                        "parameter-for-nothing-else",
                        "the key as a parameter is of no use elsewhere (surprise 4)",
                        lab -> refused(lab.send(Request.of("GET", "/apps?key=" + encoded(lab.key())))))
                .from(FULL)
                .check(
                        "parameter-not-beside-a-password",
                        "the parameter counts only if no password was sent (surprise 4)",
                        lab -> refused(lab.send(
                                Request.of("GET", "/events?object_id=" + Lab.uuid() + "&key=" + encoded(lab.key()))
                                        .with("Accept", "text/event-stream")
                                        .with("Authorization", WireClient.basic("not-" + Lab.uuid())))))
                .check(
                        "parameter-beside-an-empty-password",
                        "an empty password is none, so that the parameter counts",
                        lab -> {
                            LiveStream stream = lab.open(
                                    Request.of("GET", "/events?object_id=" + Lab.uuid() + "&key=" + encoded(lab.key()))
                                            .with("Accept", "text/event-stream")
                                            .with("Authorization", WireClient.basic("")));
                            Expect.same("status", 200, stream.status());
                        })
                .check(
                        "scheme-exactly-Basic",
                        "the scheme is the word Basic as it stands",
                        lab -> refused(lab.send(Request.of("GET", "/apps")
                                .with(
                                        "Authorization",
                                        WireClient.basic(lab.key()).replace("Basic", "basic")))))
                .check(
                        "unknown-path",
                        "a path that is not there needs the key too",
                        lab -> refused(lab.send(Request.of("GET", "/tck-" + Lab.uuid()))));
    }

    private static String basic(String user, String key) {
        return "Basic " + Base64.getEncoder().encodeToString((user + ":" + key).getBytes(StandardCharsets.UTF_8));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static void crossOrigin(Answer answer) {
        answer.header("Access-Control-Allow-Origin", ORIGIN)
                .header("Access-Control-Allow-Credentials", "true")
                .header("Access-Control-Max-Age", "3600");
        has(answer, "Access-Control-Allow-Methods", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD");
        has(
                answer,
                "Access-Control-Allow-Headers",
                "Authorization",
                "Accept",
                "Content-Type",
                "If-Match",
                "If-None-Match");
        has(answer, "Access-Control-Expose-Headers", "ETag", "Content-Disposition");
    }

    private static void has(Answer answer, String header, String... words) {
        String value = answer.response().headers().first(header).orElse("absent");
        List<String> sent = List.of(value.split(",\\s*"));
        for (String word : words) {
            Expect.that(sent.contains(word), "header %s has to name %s, was %s", header, word, value);
        }
    }

    private static void declareCors(Catalogue catalogue) {
        catalogue
                .endpoint("transport/cors", "§1.4", "any")
                .from(FULL)
                .check(
                        "headers",
                        "an answer to a request with an Origin says who may read it",
                        lab -> crossOrigin(lab.send(lab.request("GET", "/apps").with("Origin", ORIGIN))
                                .ok()))
                .check(
                        "refusals-too",
                        "a 401 does too, for that comes first",
                        lab -> crossOrigin(lab.send(Request.of("GET", "/apps").with("Origin", ORIGIN))
                                .is(401)))
                .check(
                        "not-without-an-origin",
                        "no such header without an Origin",
                        lab -> lab.get("/apps")
                                .ok()
                                .withoutHeader("Access-Control-Allow-Origin")
                                .withoutHeader("Access-Control-Allow-Methods")
                                .withoutHeader("Access-Control-Max-Age"))
                .check(
                        "preflight",
                        "OPTIONS with an Origin is 200 without a key",
                        lab -> crossOrigin(
                                lab.send(Request.of("OPTIONS", "/apps").with("Origin", ORIGIN))
                                        .ok()))
                .check("options-without-an-origin", "OPTIONS without an Origin is like any other request", lab -> {
                    refused(lab.send(Request.of("OPTIONS", "/apps")));
                    lab.send(lab.request("OPTIONS", "/apps")).unknownRoute();
                });
    }

    private static void declarePaths(Catalogue catalogue) {
        catalogue
                .endpoint("transport/paths", "§1.6", "any")
                .check(
                        "unknown",
                        "an unknown path is 404 with the page for people",
                        lab -> lab.get("/tck-" + Lab.uuid()).unknownRoute())
                .from(FULL)
                .check(
                        "unknown-below",
                        "below a known one too",
                        lab -> lab.get("/apps/" + Lab.id(lab.app()) + "/tck-" + Lab.uuid())
                                .unknownRoute())
                .check(
                        "unsupported-method",
                        "a method that a path does not have is the same 404; there is no 405",
                        lab -> {
                            lab.send(lab.request("PUT", "/apps").body("{}")).unknownRoute();
                            lab.delete("/releases").unknownRoute();
                            lab.send(lab.request("PATCH", "/artifacts").body("{}"))
                                    .unknownRoute();
                        })
                .check(
                        "head",
                        "HEAD is not there",
                        lab -> lab.send(lab.request("HEAD", "/apps")).is(404))
                .check("keys-are-gone", "§4.16", "/keys was removed", lab -> {
                    lab.get("/keys").unknownRoute();
                    lab.send(lab.request("POST", "/keys").body("{}")).unknownRoute();
                })
                .check(
                        "trailing-slash",
                        "GET of a path with a slash too many is redirected with 301",
                        lab -> redirected(lab.get("/apps/"), 301, "/apps"))
                .check(
                        "trailing-slash-of-post",
                        "other methods with 307",
                        lab -> redirected(lab.post("/apps/", Map.of("name", lab.name())), 307, "/apps"))
                .check(
                        "letter-case",
                        "a path in other letters is redirected with 301",
                        lab -> redirected(lab.get("/Apps"), 301, "/apps"))
                .check(
                        "letter-case-of-post",
                        "other methods with 307",
                        lab -> redirected(lab.post("/APPS", Map.of("name", lab.name())), 307, "/apps"));
    }

    private static void redirected(Answer answer, int status, String path) {
        answer.is(status);
        String location = answer.response().headers().first("Location").orElse("absent");
        Expect.that(
                location.equals(path)
                        || location.replaceFirst("^https?://[^/]*", "").equals(path),
                "Location: expected %s, was %s",
                path,
                location);
    }

    private static void declareBodies(Catalogue catalogue) {
        catalogue
                .endpoint("transport/requests", "§1.5", "any")
                .check("no-accept", "without an Accept header the answer is JSON", lab -> {
                    JsonNode unused = lab.get("/apps").list();
                })
                .check("any-content-type", "the Content-Type of a request is not looked at", lab -> {
                    for (String type : List.of("text/plain", "application/x-www-form-urlencoded", "nonsense")) {
                        lab.send(lab.request("POST", "/artifacts")
                                        .with("Content-Type", type)
                                        .body("{\"type\":\"\"}"))
                                .invalid();
                    }
                })
                .check(
                        "json-content-type-of-get",
                        "a GET may say that it is JSON",
                        lab -> lab.send(lab.request("GET", "/apps").with("Content-Type", "application/json"))
                                .ok())
                .check(
                        "json-accept",
                        "§13",
                        "clients of 2021 accept JSON",
                        lab -> lab.send(lab.request("GET", "/apps").with("Accept", "application/json"))
                                .list())
                .from(FULL)
                .check("other-accept", "any other Accept does not make an endpoint refuse", lab -> {
                    JsonNode unused = lab.send(lab.request("GET", "/apps").with("Accept", "text/html"))
                            .list();
                })
                .check(
                        "request-id",
                        "X-Request-ID is not sent back",
                        lab -> lab.send(lab.request("GET", "/apps").with("X-Request-ID", "tck-" + Lab.uuid()))
                                .ok()
                                .withoutHeader("X-Request-ID"))
                .check("undashed-ids", "§1.7", "ids without dashes are taken in paths", lab -> {
                    JsonNode found = lab.get("/apps/" + Lab.id(lab.app()).replace("-", ""))
                            .object();
                    Expect.text(found, "id", Lab.id(lab.app()));
                });
        catalogue
                .endpoint("transport/responses", "§1.6", "any")
                .from(FULL)
                .check("no-newline", "JSON bodies end without a newline", lab -> {
                    String text = lab.get("/apps/" + Lab.id(lab.app())).ok().text();
                    Expect.that(!text.endsWith("\n"), "the body ends with a newline");
                })
                .check(
                        "plain-json",
                        "and say no more than application/json",
                        lab -> lab.get("/apps/" + Lab.id(lab.app())).ok().header("Content-Type", "application/json"));
    }

    private static void declareErrors(Catalogue catalogue) {
        catalogue
                .endpoint("errors", "§2.1", "any")
                .check("object", "an error has code, message and retry", lab -> {
                    JsonNode error =
                            lab.send(lab.request("POST", "/apps").body("{")).error(400, "syntax_error");
                    Expect.value(error, "retry", false);
                })
                .from(FULL)
                .check("field", "§2.2", "a validation error begins its message with the field", lab -> {
                    JsonNode error = lab.post("/apps", Map.of("name", "No App")).invalid("name");
                    Expect.that(
                            Expect.text(error, "message").startsWith("name "),
                            "the message has to begin with \"name \", was %s",
                            error.path("message"));
                })
                .check("trailing-data", "§2.4", "what comes after the first JSON value is ignored", lab -> {
                    String name = lab.name();
                    JsonNode app = lab.send(
                                    lab.request("POST", "/apps").body("{\"name\":\"%s\"} trailing".formatted(name)))
                            .object();
                    Expect.text(app, "name", name);
                });
    }
}
