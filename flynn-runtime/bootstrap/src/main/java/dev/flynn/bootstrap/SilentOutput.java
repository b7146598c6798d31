package dev.flynn.bootstrap;

import com.fasterxml.jackson.databind.JsonNode;

/** Tells nobody. */
final class SilentOutput implements BootstrapOutput {

    @Override
    public void started(String action, String id) {}

    @Override
    public void done(String action, String id, JsonNode result, String text) {}

    @Override
    public void failed(String action, String id, String message) {}
}
