package dev.flynn.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.FlynnException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressesTest {

    @Test
    void anAddressIsReadAndWrittenInBothFamilies() {
        assertThat(Addresses.format(Addresses.resolve("192.0.2.11:1112"))).isEqualTo("192.0.2.11:1112");
        assertThat(Addresses.format(Addresses.resolve("[::1]:1112"))).isEqualTo("[0:0:0:0:0:0:0:1]:1112");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", ":", ":80", "192.0.2.11", "192.0.2.11:", "192.0.2.11:0", "192.0.2.11:65536", "192.0.2.11:x"})
    void whatIsNoAddressIsRefused(String text) {
        assertThatThrownBy(() -> Addresses.resolve(text))
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("ip:port");
    }
}
