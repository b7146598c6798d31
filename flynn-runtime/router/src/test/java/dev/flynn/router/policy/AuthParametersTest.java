package dev.flynn.router.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AuthParametersTest {

    @Test
    void theyAreTokensOrQuoted() {
        assertThat(AuthParameters.of("Digest", "digest Username=\"a \\\"b\\\" c, d=e\" , nc = 0001,,uri=\"/x?y\","))
                .contains(Map.of("username", "a \"b\" c, d=e", "nc", "0001", "uri", "/x?y"));
        assertThat(AuthParameters.of("Digest", "Digest ")).contains(Map.of());
        assertThat(AuthParameters.of("Digest", "Digest a=\"\"")).contains(Map.of("a", ""));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "Digest",
                "Basic abc",
                "Digest a",
                "Digest a=\"b",
                "Digest a=\"b\\",
                "Digest a=b c=d",
                "Digest a=\"b\"c",
                "Digest =b",
                "Digest a=1, A=2",
                "Digest \u00e4=1"
            })
    void whatIsMalformedIsNone(String field) {
        assertThat(AuthParameters.of("Digest", field)).isEmpty();
    }
}
