package dev.flynn.bootstrap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.route.Route;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code add-route}: leads a domain or a port to a service of an app. */
final class AddRoute implements Action {

    static final String NAME = "add-route";

    private static final List<String> TEXTS = List.of("service", "path", "tls_cert", "tls_key");
    private static final List<String> OTHERS = List.of("port", "sticky", "leader");

    private final Cluster cluster;

    AddRoute(Cluster cluster) {
        this.cluster = cluster;
    }

    @Override
    public JsonNode run(Step step) throws InterruptedException {
        String app = AppParts.ofStep(step, "app_step", cluster).app().id().toString();
        Map<String, Object> fields = fields(step);
        try (Controller controller = cluster.controller().open()) {
            Route route = controller.routes(app).stream()
                    .filter(known -> isThere(known, fields))
                    .findFirst()
                    .orElseGet(() -> controller.createRoute(app, fields));
            return JsonNodeFactory.instance
                    .objectNode()
                    .put("app", app)
                    .set("route", cluster.json().toTree(route));
        }
    }

    private Map<String, Object> fields(Step step) {
        Map<String, Object> fields = new HashMap<>();
        String type = step.text("type").isEmpty() ? Route.HTTP : step.text("type");
        fields.put("type", type);
        for (String name : TEXTS) {
            if (!step.text(name).isEmpty()) {
                fields.put(name, step.text(name));
            }
        }
        for (String name : OTHERS) {
            if (step.member(name).isValueNode()) {
                fields.put(name, step.member(name));
            }
        }
        if (type.equals(Route.HTTP)) {
            step.requiredText("domain");
            fields.put("domain", cluster.evaluated(step, "domain"));
            addCertificate(step, fields);
        }
        return fields;
    }

    private void addCertificate(Step step, Map<String, Object> fields) {
        String certStep = step.text("cert_step");
        if (certStep.isEmpty()) {
            return;
        }
        JsonNode certificate = cluster.results()
                .find(certStep)
                .filter(result -> result.has("cert"))
                .orElseThrow(() ->
                        FlynnException.invalid("bootstrap: step \"%s\": \"%s\" is no step that makes a certificate"
                                .formatted(step.id(), certStep)));
        fields.put("tls_cert", certificate.path("cert").asText());
        fields.put("tls_key", certificate.path("key").asText());
    }

    private static boolean isThere(Route known, Map<String, Object> fields) {
        return known.type().equals(fields.get("type"))
                && known.service().equals(fields.get("service"))
                && known.domain().equals(Optional.ofNullable(fields.get("domain")))
                && known.path().orElse("/").equals(fields.getOrDefault("path", "/"))
                && (!fields.containsKey("port")
                        || known.port()
                                .map(String::valueOf)
                                .equals(Optional.of(fields.get("port").toString())));
    }
}
