package dev.flynn.discovery.etcd;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.discovery.ServiceMeta;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import java.util.Locale;
import java.util.Map;

/** How the facts of discovery are written in etcd. */
final class Records {

    private final FlynnJson json = new FlynnJson();

    private record InstanceRecord(
            String id,
            String addr,
            String proto,
            @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<String, String> meta,
            String member) {}

    /** @param member the process that takes the heartbeats of this instance */
    String write(Instance instance, String member) {
        return json.write(
                new InstanceRecord(instance.id(), instance.addr(), instance.proto(), instance.meta(), member));
    }

    /** The instance with its index: the revision that created its key. */
    Instance instance(Fact fact) {
        InstanceRecord written = json.read(fact.value(), InstanceRecord.class);
        return new Instance(written.id(), written.addr(), written.proto(), written.meta(), fact.createRevision());
    }

    String member(Fact fact) {
        return json.read(fact.value(), InstanceRecord.class).member();
    }

    String write(LeaderType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }

    LeaderType leaderType(Fact fact) {
        return LeaderType.valueOf(fact.value().toUpperCase(Locale.ROOT));
    }

    /** The metadata with its index: the revision that wrote its key. */
    ServiceMeta meta(Fact fact) {
        return new ServiceMeta(fact.value(), fact.modRevision());
    }

    /** @throws FlynnException {@code SYNTAX} if this is no JSON */
    String requireJson(String data) {
        JsonNode tree = json.readTree(data);
        if (tree.isMissingNode()) {
            throw new FlynnException(ErrorCode.SYNTAX, FlynnJson.SYNTAX_ERROR);
        }
        return tree.toString();
    }
}
