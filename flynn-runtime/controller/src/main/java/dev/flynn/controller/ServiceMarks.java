package dev.flynn.controller;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.discovery.ServiceMeta;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.discovery.Discovery;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * What instances of a service say of themselves while they take over (contract: controller, strategy {@code discoverd-meta}):
 * the service's metadata is a JSON object of addresses, each {@code performing} or {@code done}.
 */
final class ServiceMarks {

    private static final String NONE = "{}";

    private final Discovery discovery;
    private final FlynnJson json = new FlynnJson();

    ServiceMarks(Discovery discovery) {
        this.discovery = discovery;
    }

    /** Addresses of instances that are done. */
    Set<String> done(String service) {
        Set<String> done = new HashSet<>();
        discovery
                .meta(service)
                .ifPresent(meta -> read(meta).properties().forEach(mark -> {
                    if (mark.getValue().asText().equals("done")) {
                        done.add(mark.getKey());
                    }
                }));
        return done;
    }

    private JsonNode read(ServiceMeta meta) {
        try {
            return json.readTree(meta.data());
        } catch (FlynnException notJson) {
            return json.readTree(NONE);
        }
    }

    /**
     * Forgets what instances said.
     *
     * @param allowed asked after the metadata was read: what is said after that is never lost
     */
    void clear(String service, BooleanSupplier allowed) {
        while (true) {
            Optional<ServiceMeta> read = discovery.meta(service);
            if (read.isEmpty() || read.get().data().equals(NONE) || !allowed.getAsBoolean()) {
                return;
            }
            try {
                discovery.setMeta(service, new ServiceMeta(NONE, read.get().index()));
                return;
            } catch (FlynnException changed) {
                if (changed.code() != ErrorCode.PRECONDITION_FAILED) {
                    throw changed;
                }
            }
        }
    }
}
