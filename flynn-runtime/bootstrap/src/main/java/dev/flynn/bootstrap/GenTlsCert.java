package dev.flynn.bootstrap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.ClusterCertificate;
import java.util.ArrayList;
import java.util.List;

/** {@code gen-tls-cert}: the cluster's certificate, given or made, and its pin. */
final class GenTlsCert implements Action {

    static final String NAME = "gen-tls-cert";

    private final Cluster cluster;

    GenTlsCert(Cluster cluster) {
        this.cluster = cluster;
    }

    @Override
    public JsonNode run(Step step) {
        ClusterCertificate certificate = certificate(step);
        return JsonNodeFactory.instance
                .objectNode()
                .put("ca_cert", certificate.caCert())
                .put("cert", certificate.cert())
                .put("pin", certificate.pin())
                .put("key", certificate.key());
    }

    private ClusterCertificate certificate(Step step) {
        String caCert = cluster.evaluated(step, "ca_cert");
        String cert = cluster.evaluated(step, "cert");
        String key = cluster.evaluated(step, "key");
        if (!caCert.isEmpty() && !cert.isEmpty() && !key.isEmpty()) {
            return ClusterCertificate.given(caCert, cert, key);
        }
        if (!caCert.isEmpty() || !cert.isEmpty() || !key.isEmpty()) {
            throw FlynnException.invalid(
                    "bootstrap: step \"%s\" has only some of ca_cert, cert and key; give all three, or none of them"
                            .formatted(step.id()));
        }
        List<String> hosts = new ArrayList<>();
        step.member("hosts").forEach(host -> hosts.add(cluster.templates().evaluate(host.asText())));
        hosts.removeIf(String::isEmpty);
        if (hosts.isEmpty()) {
            throw FlynnException.invalid("bootstrap: step \"%s\" names no hosts".formatted(step.id()));
        }
        return ClusterCertificate.generate(hosts, cluster.state().clock().instant());
    }

    @Override
    public String text(JsonNode result) {
        return "pin: " + result.path("pin").asText();
    }
}
