package dev.flynn.tck.resource;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.resource.ResourceProvider;
import dev.flynn.spi.resource.ResourceRequest;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.UUID;

/** The simplest provider that keeps its promises: names and passwords follow from the id of the request. */
class ReferenceProvider implements ResourceProvider {

    private static final String PREFIX = "/stores/";

    final ReferenceService service;

    ReferenceProvider(ReferenceService service) {
        this.service = service;
    }

    @Override
    public Provisioned provision(ResourceRequest request) {
        request.requireOnly("size");
        request.number("size", 1, 10);
        String name = name(request);
        String password = password(request);
        try {
            service.createStore(name);
            service.createUser(name, password);
        } catch (FlynnException e) {
            undo(name);
            throw e;
        }
        return new Provisioned(
                PREFIX + name, Map.of("STORE", name, "STORE_PASSWORD", password, "STORE_URL", "store://" + password));
    }

    String name(ResourceRequest request) {
        return hash("name " + request.id());
    }

    String password(ResourceRequest request) {
        return hash("password " + request.id());
    }

    void undo(String name) {
        if (!service.away) {
            drop(name);
        }
    }

    static String hash(String text) {
        return UUID.nameUUIDFromBytes(text.getBytes(StandardCharsets.UTF_8)).toString();
    }

    @Override
    public void deprovision(String externalId) {
        if (!externalId.startsWith(PREFIX)) {
            throw FlynnException.invalidField("id", "is invalid");
        }
        drop(externalId.substring(PREFIX.length()));
    }

    void drop(String name) {
        service.dropUser(name);
        service.dropStore(name);
    }

    @Override
    public void ping() {
        service.requireThere();
    }
}
