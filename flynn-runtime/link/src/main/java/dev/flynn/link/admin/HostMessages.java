package dev.flynn.link.admin;

import java.util.List;
import java.util.Map;

/** What is said about hosts on the link, as JSON. */
final class HostMessages {

    static final String SERVICE = "hosts";
    static final String LIST = "list";
    static final String TAGS = "tags";
    static final String DRAIN = "drain";
    static final String DRAIN_STATE = "drain-state";
    static final String PROMOTE = "promote";
    static final String DEMOTE = "demote";
    static final String REMOVE = "remove";

    private HostMessages() {}

    /** @param flag whether to drain, or to force; without meaning for the others */
    record Request(String host, Map<String, String> tags, boolean flag) {

        static Request of(String host) {
            return new Request(host, Map.of(), false);
        }

        static Request of(String host, boolean flag) {
            return new Request(host, Map.of(), flag);
        }
    }

    record Hosts(List<HostInfo> hosts) {}

    record Advice(List<String> lines) {}
}
