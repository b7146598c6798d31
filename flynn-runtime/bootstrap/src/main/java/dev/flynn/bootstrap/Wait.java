package dev.flynn.bootstrap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** {@code wait}: waits until a URL answers as it should. */
final class Wait implements Action {

    static final String NAME = "wait";

    private static final long FIRST_PAUSE_MILLIS = 10;
    private static final long LONGEST_PAUSE_MILLIS = 250;

    private final Cluster cluster;

    Wait(Cluster cluster) {
        this.cluster = cluster;
    }

    @Override
    public JsonNode run(Step step) throws InterruptedException {
        step.requiredText("url");
        URI url = parse(step, cluster.evaluated(step, "url"));
        String host = cluster.evaluated(step, "host");
        int wanted = step.member("status").asInt(200);
        Deadline deadline = cluster.deadline();
        String last = "\"no address\"";
        for (long pause = FIRST_PAUSE_MILLIS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS)) {
            Optional<InetSocketAddress> address = cluster.services().await(url, deadline);
            if (address.isPresent()) {
                try {
                    if (url.getScheme().equals("tcp")) {
                        HttpProbe.reach(address.get());
                        break;
                    }
                    int status = HttpProbe.status(address.get(), host.isEmpty() ? url.getHost() : host, path(url));
                    if (status == wanted) {
                        break;
                    }
                    last = String.valueOf(status);
                } catch (IOException e) {
                    last = "\"%s\"".formatted(e.getMessage());
                }
            }
            if (deadline.millisLeft() <= pause) {
                throw new GaveUp("bootstrap: timed out waiting for %s, last response %s".formatted(url, last));
            }
            TimeUnit.MILLISECONDS.sleep(pause);
        }
        return JsonNodeFactory.instance.objectNode();
    }

    private static URI parse(Step step, String text) {
        try {
            URI url = URI.create(text);
            boolean tcp = "tcp".equals(url.getScheme());
            if (url.getHost() != null && (tcp || "http".equals(url.getScheme()))) {
                return url;
            }
        } catch (IllegalArgumentException e) {
            // said below
        }
        throw FlynnException.invalid(
                "bootstrap: step \"%s\" waits for \"%s\", which is no http or tcp URL".formatted(step.id(), text));
    }

    private static String path(URI url) {
        String path = url.getRawPath().isEmpty() ? "/" : url.getRawPath();
        return url.getRawQuery() == null ? path : path + "?" + url.getRawQuery();
    }

    @Override
    public boolean lasts() {
        return false;
    }
}
