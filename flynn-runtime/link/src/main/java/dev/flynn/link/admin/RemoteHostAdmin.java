package dev.flynn.link.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.identity.HostCredentials;
import dev.flynn.json.FlynnJson;
import dev.flynn.link.LinkClient;
import dev.flynn.link.admin.HostMessages.Request;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The hosts of the cluster, through the daemon of the host that this program runs on. */
public final class RemoteHostAdmin implements HostAdmin {

    private static final Duration PATIENCE = Duration.ofSeconds(15);

    /** A change of who keeps the store's replicas has to be agreed on by those who do. */
    private static final Duration PATIENCE_WITH_THE_STORE = Duration.ofSeconds(60);

    private final HostCredentials credentials;
    private final String address;
    private final FlynnJson json;

    /** @param address of the host's own link, {@code ip:port} */
    public RemoteHostAdmin(HostCredentials credentials, String address, FlynnJson json) {
        this.credentials = credentials;
        this.address = address;
        this.json = json;
    }

    @Override
    public List<HostInfo> list() {
        return json.read(call(HostMessages.LIST, Request.of(""), PATIENCE), HostMessages.Hosts.class)
                .hosts();
    }

    @Override
    public void setTags(String host, Map<String, String> changes) {
        call(HostMessages.TAGS, new Request(host, changes, false), PATIENCE);
    }

    @Override
    public void setDraining(String host, boolean draining) {
        call(HostMessages.DRAIN, Request.of(host, draining), PATIENCE);
    }

    @Override
    public DrainState drainState(String host) {
        return json.read(call(HostMessages.DRAIN_STATE, Request.of(host), PATIENCE), DrainState.class);
    }

    @Override
    public List<String> promote(String host) {
        return advice(HostMessages.PROMOTE, Request.of(host));
    }

    @Override
    public List<String> demote(String host, boolean force) {
        return advice(HostMessages.DEMOTE, Request.of(host, force));
    }

    @Override
    public List<String> remove(String host, boolean force) {
        return advice(HostMessages.REMOVE, Request.of(host, force));
    }

    private List<String> advice(String method, Request request) {
        return json.read(call(method, request, PATIENCE_WITH_THE_STORE), HostMessages.Advice.class)
                .lines();
    }

    private String call(String method, Request request, Duration patience) {
        byte[] answer = LinkClient.call(
                credentials,
                credentials.hostId(),
                address,
                HostMessages.SERVICE,
                method,
                json.writeBytes(request),
                patience);
        return new String(answer, UTF_8);
    }
}
