package dev.flynn.distro.cluster;

import dev.flynn.api.error.FlynnException;
import dev.flynn.identity.JoinToken;
import java.util.Optional;

/**
 * What an operator copies from the first host to the others: {@code http://…/clusters/<id>#flynn-join-1.…}. What comes after
 * the {@code #} is never sent to the discovery service.
 *
 * @param list where the cluster's hosts are found
 * @param joinToken the right to join it; a secret
 */
public record JoinLine(DiscoveryToken list, Optional<JoinToken> joinToken) {

    /** @throws FlynnException {@code VALIDATION} if it is none, or was not copied as a whole */
    public static JoinLine parse(String text) {
        int hash = text.indexOf('#');
        if (hash < 0) {
            return new JoinLine(new DiscoveryToken(text), Optional.empty());
        }
        return new JoinLine(
                new DiscoveryToken(text.substring(0, hash)), Optional.of(JoinToken.parse(text.substring(hash + 1))));
    }

    String text() {
        return list.url() + joinToken.map(token -> "#" + token.text()).orElse("");
    }

    /** Without the secret. */
    @Override
    public String toString() {
        return "JoinLine[" + list.url() + "]";
    }
}
