package dev.flynn.link.tokens;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.identity.HostCredentials;
import dev.flynn.identity.TokenAdmin;
import dev.flynn.identity.TokenInfo;
import dev.flynn.json.FlynnJson;
import dev.flynn.link.LinkClient;
import java.time.Duration;
import java.util.List;

/** The join tokens of the cluster, through the daemon of the host that this program runs on. */
public final class RemoteTokenAdmin implements TokenAdmin {

    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private final HostCredentials credentials;
    private final String address;
    private final FlynnJson json;

    /** @param address of the host's own link, {@code ip:port} */
    public RemoteTokenAdmin(HostCredentials credentials, String address, FlynnJson json) {
        this.credentials = credentials;
        this.address = address;
        this.json = json;
    }

    @Override
    public String create(String note, int maxUses, Duration validity) {
        String answer = call(TokenMessages.CREATE, new TokenMessages.Create(note, maxUses, validity.toSeconds()));
        return json.read(answer, TokenMessages.Created.class).token();
    }

    @Override
    public List<TokenInfo> list() {
        return json.read(call(TokenMessages.LIST, new TokenMessages.Revoke("")), TokenMessages.Tokens.class)
                .tokens();
    }

    @Override
    public void revoke(String id) {
        call(TokenMessages.REVOKE, new TokenMessages.Revoke(id));
    }

    private String call(String method, Object request) {
        byte[] answer = LinkClient.call(
                credentials,
                credentials.hostId(),
                address,
                TokenMessages.SERVICE,
                method,
                json.writeBytes(request),
                PATIENCE);
        return new String(answer, UTF_8);
    }
}
