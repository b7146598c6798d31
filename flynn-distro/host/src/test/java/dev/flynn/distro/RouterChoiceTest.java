package dev.flynn.distro;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RouterChoiceTest {

    private static RouterChoice at(String ip) {
        return new RouterChoice("netty", Optional.of(ip), OptionalInt.empty());
    }

    @Test
    void notToldItListensWhereTheHostDoes() {
        var choice = new RouterChoice("netty", Optional.empty(), OptionalInt.empty());

        assertThat(choice.environment("10.0.0.1")).isEqualTo(Map.of("ROUTER_LISTEN_IP", "10.0.0.1"));
        assertThat(choice.ipOr("10.0.0.1")).isEqualTo("10.0.0.1");
        assertThat(choice.reachedFrom("10.0.0.1")).isEqualTo("10.0.0.1");
    }

    @Test
    void toldItListensThereAndIsSeenAtAnotherPort() {
        var choice = new RouterChoice("netty", Optional.of("::"), OptionalInt.of(443));

        assertThat(choice.environment("10.0.0.1"))
                .isEqualTo(Map.of("ROUTER_LISTEN_IP", "::", "PUBLIC_HTTPS_PORT", "443"));
    }

    @ParameterizedTest
    @CsvSource({
        "'::', 10.0.0.1, 10.0.0.1",
        "0.0.0.0, 10.0.0.1, 10.0.0.1",
        "192.0.2.7, 192.0.2.7, 192.0.2.7",
        "2001:db8::1, 2001:db8::1, [2001:db8::1]"
    })
    void itIsReachedWhereItListensUnlessThatIsEverywhere(String ip, String reached, String inUrl) {
        assertThat(at(ip).reachedFrom("10.0.0.1")).isEqualTo(reached);
        assertThat(at(ip).urlHost("10.0.0.1")).isEqualTo(inUrl);
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "", "1.2.3.4.5", "::g"})
    void whatIsNoAddressIsRefused(String ip) {
        assertThatThrownBy(() -> at(ip)).hasMessageContaining("--router-ip").hasMessageContaining("'" + ip + "'");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 65_536})
    void whatIsNoPortIsRefused(int port) {
        assertThatThrownBy(() -> new RouterChoice("netty", Optional.empty(), OptionalInt.of(port)))
                .hasMessageContaining("--public-https-port");
    }
}
