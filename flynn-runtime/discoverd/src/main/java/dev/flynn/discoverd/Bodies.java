package dev.flynn.discoverd;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonRawValue;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.discovery.ServiceMeta;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What goes over the wire, and how it is read and written (contract: layer 0, discoverd). */
final class Bodies {

    private final FlynnJson json = new FlynnJson();

    private record ServiceBody(@Nullable String leaderType) {}

    private record InstanceBody(
            @Nullable String id,
            @Nullable String addr,
            @Nullable String proto,
            @Nullable Map<String, String> meta) {}

    private record InstanceForm(
            String id,
            String addr,
            String proto,
            @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<String, String> meta,
            long index) {

        static InstanceForm of(Instance instance) {
            return new InstanceForm(
                    instance.id(), instance.addr(), instance.proto(), instance.meta(), instance.index());
        }
    }

    private record LeaderBody(@Nullable String id) {}

    private record MetaBody(
            @Nullable JsonNode data, long index, @Nullable String leaderId) {}

    private record MetaForm(
            @JsonRawValue @JsonInclude(JsonInclude.Include.ALWAYS)
            String data,

            @JsonInclude(JsonInclude.Include.ALWAYS) long index) {

        static MetaForm of(ServiceMeta meta) {
            return new MetaForm(meta.data(), meta.index());
        }
    }

    private record EventForm(
            String service,
            String kind,
            @Nullable InstanceForm instance,
            @Nullable MetaForm serviceMeta) {}

    /** Metadata that is to be written, perhaps together with a leader. */
    record MetaChange(ServiceMeta meta, Optional<String> leader) {}

    LeaderType leaderType(byte[] body) {
        String type = read(body, ServiceBody.class).leaderType();
        if (type == null || type.isEmpty()) {
            return LeaderType.OLDEST;
        }
        try {
            return LeaderType.valueOf(type.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException unknown) {
            throw FlynnException.invalidField("leader_type", "must be \"oldest\" or \"manual\", was \"" + type + "\"");
        }
    }

    /** The instance to register; an index in the body means nothing. */
    Instance instance(byte[] body) {
        InstanceBody written = read(body, InstanceBody.class);
        return new Instance(
                orEmpty(written.id()),
                orEmpty(written.addr()),
                orEmpty(written.proto()),
                written.meta() == null ? Map.of() : written.meta(),
                0);
    }

    String leaderId(byte[] body) {
        return orEmpty(read(body, LeaderBody.class).id());
    }

    MetaChange meta(byte[] body) {
        MetaBody written = read(body, MetaBody.class);
        String data = written.data() == null ? "null" : written.data().toString();
        return new MetaChange(
                new ServiceMeta(data, written.index()),
                Optional.ofNullable(written.leaderId()).filter(id -> !id.isEmpty()));
    }

    byte[] write(Instance instance) {
        return json.writeBytes(InstanceForm.of(instance));
    }

    byte[] writeAll(List<Instance> instances) {
        return json.writeBytes(instances.stream().map(InstanceForm::of).toList());
    }

    byte[] write(ServiceMeta meta) {
        return json.writeBytes(MetaForm.of(meta));
    }

    byte[] write(DiscoveryEvent event) {
        return json.writeBytes(form(event));
    }

    byte[] writeAny(Object value) {
        return json.writeBytes(value);
    }

    FlynnJson json() {
        return json;
    }

    private static EventForm form(DiscoveryEvent event) {
        String service = event.service();
        if (event instanceof DiscoveryEvent.Up up) {
            return new EventForm(service, "up", InstanceForm.of(up.instance()), null);
        } else if (event instanceof DiscoveryEvent.Update update) {
            return new EventForm(service, "update", InstanceForm.of(update.instance()), null);
        } else if (event instanceof DiscoveryEvent.Down down) {
            return new EventForm(service, "down", InstanceForm.of(down.instance()), null);
        } else if (event instanceof DiscoveryEvent.Leader leader) {
            return new EventForm(
                    service, "leader", leader.instance().map(InstanceForm::of).orElse(null), null);
        } else if (event instanceof DiscoveryEvent.Meta meta) {
            return new EventForm(service, "service_meta", null, MetaForm.of(meta.meta()));
        }
        return new EventForm(service, "current", null, null);
    }

    /** A body that ends too early, or is empty, is the server's failure; clients know it like that. */
    private <T> T read(byte[] body, Class<T> type) {
        String text = new String(body, StandardCharsets.UTF_8);
        if (text.isBlank()) {
            throw FlynnException.internal("the request has no body", null);
        }
        try {
            T value = json.read(text, type);
            if (value == null) {
                throw new FlynnException(ErrorCode.SYNTAX, FlynnJson.SYNTAX_ERROR);
            }
            return value;
        } catch (FlynnException e) {
            if (hasCause(e, JsonEOFException.class)) {
                throw FlynnException.internal("the request's body ends too early", e);
            }
            throw e;
        }
    }

    private static boolean hasCause(Throwable failure, Class<?> type) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return true;
            }
        }
        return false;
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }
}
