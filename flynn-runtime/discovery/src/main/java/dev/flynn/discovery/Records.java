package dev.flynn.discovery;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.discovery.ServiceMeta;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.store.StoreEntry;
import java.util.Locale;

/** How the facts of discovery are written in the store, and read from its entries. */
final class Records {

    private final FlynnJson json = new FlynnJson();

    record ServiceConfig(String leaderType) {}

    record LeaderRecord(String id) {}

    String write(LeaderType type) {
        return json.write(new ServiceConfig(type.name().toLowerCase(Locale.ROOT)));
    }

    LeaderType leaderType(StoreEntry entry) {
        return LeaderType.valueOf(
                json.read(entry.value(), ServiceConfig.class).leaderType().toUpperCase(Locale.ROOT));
    }

    String write(Instance instance) {
        return json.write(instance.withIndex(0));
    }

    /** The instance with its index, which is the revision that created its entry. */
    Instance instance(StoreEntry entry) {
        return json.read(entry.value(), Instance.class).withIndex(entry.createRevision());
    }

    String writeLeader(String instanceId) {
        return json.write(new LeaderRecord(instanceId));
    }

    String leaderId(StoreEntry entry) {
        return json.read(entry.value(), LeaderRecord.class).id();
    }

    /** @throws dev.flynn.api.error.FlynnException {@code SYNTAX} if this is no JSON */
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
