package dev.flynn.distro;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.host.Capacity;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostCapacityTest {

    private static final Capacity MACHINE = new Capacity(8L << 30, 4000);

    @Test
    void unlessSomebodySaysOtherwiseItIsTheMachines() {
        assertThat(HostCapacity.of(Map.of(), MACHINE)).isEqualTo(MACHINE);
        assertThat(HostCapacity.ofThisHost().milliCpus()).isGreaterThanOrEqualTo(1000);
        assertThat(HostCapacity.ofThisHost().memoryBytes()).isGreaterThan(256L << 20);
    }

    @Test
    void anOperatorMaySayWhatJobsMayReserve() {
        assertThat(of("memory=64GB,cpu=16000")).isEqualTo(new Capacity(64L << 30, 16_000));
        assertThat(of("memory=512m")).isEqualTo(new Capacity(512L << 20, 4000));
        assertThat(of("cpu=500")).isEqualTo(new Capacity(8L << 30, 500));
    }

    @ParameterizedTest
    @ValueSource(strings = {"memory", "memory=much", "cpu=2.5", "cpu=-1", "disk=1GB", "memory=1GB,"})
    void anythingElseIsRefused(String text) {
        assertThatThrownBy(() -> of(text)).hasMessageContaining("FLYNN_HOST_CAPACITY");
    }

    private static Capacity of(String text) {
        return HostCapacity.of(Map.of(HostCapacity.VARIABLE, text), MACHINE);
    }
}
