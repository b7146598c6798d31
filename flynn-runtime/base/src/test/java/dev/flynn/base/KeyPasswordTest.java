package dev.flynn.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class KeyPasswordTest {

    @Test
    void theKeyIsThePasswordOfAnyUser() {
        assertThat(KeyPassword.isIn(basic(":secret"), "secret")).isTrue();
        assertThat(KeyPassword.isIn(basic("anybody:secret"), "secret")).isTrue();
        assertThat(KeyPassword.isIn(KeyPassword.authorization("secret"), "secret"))
                .isTrue();
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", "Basic", "Basic ", "Basic %%%", "Bearer secret", "Basic OnNlY3JldA", "secret"})
    void nothingElsePasses(String authorization) {
        assertThat(KeyPassword.isIn(authorization, "secre")).isFalse();
    }

    @Test
    void nobodyHasAnEmptyKey() {
        assertThat(KeyPassword.isIn(basic(":"), "")).isFalse();
    }

    private static String basic(String credentials) {
        return "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8));
    }
}
