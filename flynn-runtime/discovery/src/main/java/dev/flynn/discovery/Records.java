package dev.flynn.discovery;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.discovery.ServiceMeta;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.store.StoreEntry;
import java.util.Locale;
import java.util.Map;

/** How the facts of discovery are written in the store, and read from its entries. */
final class Records {

    private final FlynnJson json = new FlynnJson();

    record ServiceConfig(String leaderType) {}

    record LeaderRecord(String id) {}

    record MemberRecord(String process, long renewals) {}

    record SweeperRecord(String member) {}

    record InstanceRecord(
            String id,
            String addr,
            String proto,
            @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<String, String> meta,
            String member) {}

    String write(LeaderType type) {
        return json.write(new ServiceConfig(type.name().toLowerCase(Locale.ROOT)));
    }

    LeaderType leaderType(StoreEntry entry) {
        return LeaderType.valueOf(
                json.read(entry.value(), ServiceConfig.class).leaderType().toUpperCase(Locale.ROOT));
    }

    /** @param member who takes the heartbeats of this instance */
    String write(Instance instance, String member) {
        return json.write(
                new InstanceRecord(instance.id(), instance.addr(), instance.proto(), instance.meta(), member));
    }

    /** The instance with its index, which is the revision that created its entry. */
    Registered registered(StoreEntry entry) {
        InstanceRecord written = json.read(entry.value(), InstanceRecord.class);
        var instance =
                new Instance(written.id(), written.addr(), written.proto(), written.meta(), entry.createRevision());
        return new Registered(instance, written.member(), entry.modRevision());
    }

    String writeLeader(String instanceId) {
        return json.write(new LeaderRecord(instanceId));
    }

    String leaderId(StoreEntry entry) {
        return json.read(entry.value(), LeaderRecord.class).id();
    }

    String write(MemberRecord member) {
        return json.write(member);
    }

    MemberRecord member(StoreEntry entry) {
        return json.read(entry.value(), MemberRecord.class);
    }

    String write(SweeperRecord sweeper) {
        return json.write(sweeper);
    }

    SweeperRecord sweeper(StoreEntry entry) {
        return json.read(entry.value(), SweeperRecord.class);
    }

    /** @throws FlynnException {@code SYNTAX} if this is no JSON */
    String requireJson(String data) {
        JsonNode tree = json.readTree(data);
        if (tree.isMissingNode()) {
            throw new FlynnException(ErrorCode.SYNTAX, FlynnJson.SYNTAX_ERROR);
        }
        return tree.toString();
    }

    /** The metadata with its index, which is the revision that wrote its entry. */
    ServiceMeta meta(StoreEntry entry) {
        return new ServiceMeta(entry.value(), entry.modRevision());
    }
}
