package dev.flynn.link.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import dev.flynn.link.HostLink;
import dev.flynn.link.admin.HostMessages.Request;
import dev.flynn.spi.component.Subscription;

/** Lets programs on the cluster's hosts look after them: {@code flynn-host list} and its like do. */
public final class HostService {

    private static final byte[] NOTHING = {};

    private final HostAdmin admin;
    private final FlynnJson json;

    private HostService(HostAdmin admin, FlynnJson json) {
        this.admin = admin;
        this.json = json;
    }

    /** Serves until the subscription is closed. */
    public static Subscription serve(HostLink link, HostAdmin admin, FlynnJson json) {
        var service = new HostService(admin, json);
        return link.serveBlocking(
                HostMessages.SERVICE,
                (caller, method, request) ->
                        service.answer(method, json.read(new String(request, UTF_8), Request.class)));
    }

    private byte[] answer(String method, Request request) {
        return switch (method) {
            case HostMessages.LIST -> json.writeBytes(new HostMessages.Hosts(admin.list()));
            case HostMessages.TAGS -> {
                admin.setTags(request.host(), request.tags());
                yield NOTHING;
            }
            case HostMessages.DRAIN -> {
                admin.setDraining(request.host(), request.flag());
                yield NOTHING;
            }
            case HostMessages.DRAIN_STATE -> json.writeBytes(admin.drainState(request.host()));
            case HostMessages.PROMOTE -> json.writeBytes(new HostMessages.Advice(admin.promote(request.host())));
            case HostMessages.DEMOTE ->
                json.writeBytes(new HostMessages.Advice(admin.demote(request.host(), request.flag())));
            case HostMessages.REMOVE ->
                json.writeBytes(new HostMessages.Advice(admin.remove(request.host(), request.flag())));
            default -> throw FlynnException.unsupported("\"" + method + "\" of hosts");
        };
    }
}
