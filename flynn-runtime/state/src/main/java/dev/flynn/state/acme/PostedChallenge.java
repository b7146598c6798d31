package dev.flynn.state.acme;

import dev.flynn.spi.router.AcmeChallenge;

/** What the routers answer now. */
public record PostedChallenge(AcmeChallenge.Kind kind, String domain, String token, String keyAuthorization) {

    public static PostedChallenge of(AcmeChallenge challenge) {
        return new PostedChallenge(
                challenge.kind(), challenge.domain(), challenge.token(), challenge.keyAuthorization());
    }

    public AcmeChallenge challenge() {
        return new AcmeChallenge(kind, domain, token, keyAuthorization);
    }

    /** Of its record: an authority asks for one at a time. */
    public String recordId() {
        return domain + "/" + token;
    }
}
