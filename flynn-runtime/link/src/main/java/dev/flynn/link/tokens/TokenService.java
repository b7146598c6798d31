package dev.flynn.link.tokens;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.error.FlynnException;
import dev.flynn.identity.TokenAdmin;
import dev.flynn.json.FlynnJson;
import dev.flynn.link.HostLink;
import dev.flynn.spi.component.Subscription;
import java.time.Duration;

/** Lets programs on the cluster's hosts make, list and revoke join tokens: {@code flynn-host token} does. */
public final class TokenService {

    private final TokenAdmin admin;
    private final FlynnJson json;

    private TokenService(TokenAdmin admin, FlynnJson json) {
        this.admin = admin;
        this.json = json;
    }

    /** Serves until the subscription is closed. */
    public static Subscription serve(HostLink link, TokenAdmin admin, FlynnJson json) {
        var service = new TokenService(admin, json);
        return link.serveBlocking(
                TokenMessages.SERVICE, (caller, method, request) -> service.answer(method, new String(request, UTF_8)));
    }

    private byte[] answer(String method, String request) {
        switch (method) {
            case TokenMessages.CREATE -> {
                var create = json.read(request, TokenMessages.Create.class);
                String token = admin.create(create.note(), create.maxUses(), Duration.ofSeconds(create.validSeconds()));
                return json.writeBytes(new TokenMessages.Created(token));
            }
            case TokenMessages.LIST -> {
                return json.writeBytes(new TokenMessages.Tokens(admin.list()));
            }
            case TokenMessages.REVOKE -> {
                admin.revoke(json.read(request, TokenMessages.Revoke.class).id());
                return new byte[0];
            }
            default -> throw FlynnException.unsupported("\"" + method + "\" of join tokens");
        }
    }
}
