package dev.flynn.controller;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.resource.ResourceProvider;
import dev.flynn.spi.resource.ResourceRequest;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Gives names in memory, by the id of the request. */
final class StoresProvider implements ResourceProvider {

    final Map<String, String> stores = new TreeMap<>();
    int asked;
    Optional<FlynnException> failure = Optional.empty();
    boolean createsBeforeItFails;

    @Override
    public synchronized Provisioned provision(ResourceRequest request) {
        asked++;
        request.requireOnly("size");
        if (failure.isEmpty() || createsBeforeItFails) {
            stores.put("/stores/" + request.id(), request.text("size").orElse("small"));
        }
        failure.ifPresent(known -> {
            throw known;
        });
        return new Provisioned("/stores/" + request.id(), Map.of("STORE", request.id()));
    }

    @Override
    public synchronized void deprovision(String externalId) {
        failure.ifPresent(known -> {
            throw known;
        });
        stores.remove(externalId);
    }

    @Override
    public void ping() {}
}
