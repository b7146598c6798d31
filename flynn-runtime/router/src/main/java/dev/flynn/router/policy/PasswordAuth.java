package dev.flynn.router.policy;

import dev.flynn.api.route.RoutePolicy.Auth;
import dev.flynn.router.message.Head;
import java.util.Optional;

/** Whether somebody may use a route. Thread-safe. */
interface PasswordAuth {

    static PasswordAuth of(Auth auth, Nonces nonces) {
        return switch (auth.scheme()) {
            case BASIC -> new BasicAuth(auth);
            case DIGEST -> new DigestAuth(auth, nonces);
        };
    }

    /** The field that asks for a name and a password, with its line end; empty for who has given the right ones. */
    Optional<String> refuses(Head head);
}
