package dev.flynn.link.tokens;

import dev.flynn.identity.TokenInfo;
import java.util.List;

/** What is said about join tokens on the link, as JSON. */
final class TokenMessages {

    static final String SERVICE = "tokens";
    static final String CREATE = "create";
    static final String LIST = "list";
    static final String REVOKE = "revoke";

    private TokenMessages() {}

    record Create(String note, int maxUses, long validSeconds) {}

    record Created(String token) {}

    record Tokens(List<TokenInfo> tokens) {}

    record Revoke(String id) {}
}
