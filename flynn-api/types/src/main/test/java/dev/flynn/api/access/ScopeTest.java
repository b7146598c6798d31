package dev.flynn.api.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScopeTest {

    private static final String APP = "app:5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b10";

    @ParameterizedTest
    @ValueSource(strings = {"admin", "read", "deploy", APP})
    void isReadAsItIsWritten(String text) {
        assertThat(Scope.parse(text)).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Admin", "write", "app", "app:", "app:ledger", " read"})
    void isNothingElse(String text) {
        assertThatThrownBy(() -> Scope.parse(text)).isInstanceOf(FlynnException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"admin", "read", "deploy", APP, APP + " read", APP + " deploy"})
    void areCombinedWithAnApp(String texts) {
        assertThatCode(() -> Scope.requireValid(scopes(texts))).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"admin read", "admin " + APP, "read deploy"})
    void doNotContradictEachOther(String texts) {
        assertThatThrownBy(() -> Scope.requireValid(scopes(texts))).hasMessageContaining("scopes");
    }

    @Test
    void areForOneAppAtMost() {
        assertThatThrownBy(() ->
                        Scope.requireValid(List.of(Scope.ofApp(AppId.random()), Scope.ofApp(AppId.random()))))
                .hasMessageContaining("several apps");
        assertThatThrownBy(() -> Scope.requireValid(List.of())).hasMessageContaining("must not be empty");
    }

    private static List<Scope> scopes(String texts) {
        return Arrays.stream(texts.split(" ")).map(Scope::parse).toList();
    }
}
