package dev.flynn.discoverd.client;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.ServiceMeta;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** discoverd's JSON. */
final class Wire {

    private final FlynnJson json;

    Wire(FlynnJson json) {
        this.json = json;
    }

    List<Instance> instances(byte[] body) {
        List<Instance> instances = new ArrayList<>();
        tree(body).forEach(one -> instances.add(instance(one)));
        return List.copyOf(instances);
    }

    Instance instance(byte[] body) {
        return instance(tree(body));
    }

    ServiceMeta meta(byte[] body) {
        return meta(tree(body));
    }

    /** Empty for a kind of event that this client does not know. */
    Optional<DiscoveryEvent> event(String data) {
        JsonNode event = json.readTree(data);
        String service = event.path("service").asText("");
        JsonNode instance = event.path("instance");
        return switch (event.path("kind").asText("")) {
            case "up" -> Optional.of(new DiscoveryEvent.Up(service, instance(instance)));
            case "update" -> Optional.of(new DiscoveryEvent.Update(service, instance(instance)));
            case "down" -> Optional.of(new DiscoveryEvent.Down(service, instance(instance)));
            case "leader" ->
                Optional.of(new DiscoveryEvent.Leader(
                        service, instance.isObject() ? Optional.of(instance(instance)) : Optional.empty()));
            case "service_meta" -> Optional.of(new DiscoveryEvent.Meta(service, meta(event.path("service_meta"))));
            case "current" -> Optional.of(new DiscoveryEvent.Current(service));
            default -> Optional.empty();
        };
    }

    byte[] write(Instance instance) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("id", instance.id());
        body.put("addr", instance.addr());
        body.put("proto", instance.proto());
        body.put("meta", instance.meta());
        return json.writeBytes(body);
    }

    byte[] write(ServiceMeta meta) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("data", json.readTree(meta.data()));
        body.put("index", meta.index());
        return json.writeBytes(body);
    }

    byte[] write(Map<String, String> body) {
        return json.writeBytes(body);
    }

    private JsonNode tree(byte[] body) {
        return json.readTree(new String(body, StandardCharsets.UTF_8));
    }

    private static Instance instance(JsonNode tree) {
        if (!tree.isObject()) {
            throw new FlynnException(ErrorCode.SYNTAX, "discoverd sent no instance where one should be");
        }
        Map<String, String> meta = new LinkedHashMap<>();
        tree.path("meta")
                .fields()
                .forEachRemaining(
                        field -> meta.put(field.getKey(), field.getValue().asText("")));
        return new Instance(
                tree.path("id").asText(""),
                tree.path("addr").asText(""),
                tree.path("proto").asText(""),
                meta,
                tree.path("index").asLong(0));
    }

    private static ServiceMeta meta(JsonNode tree) {
        JsonNode data = tree.path("data");
        return new ServiceMeta(
                data.isMissingNode() ? "null" : data.toString(),
                tree.path("index").asLong(0));
    }
}
