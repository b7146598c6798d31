package dev.flynn.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.host.Capacity;
import dev.flynn.api.host.Host;
import dev.flynn.json.FlynnJson;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class HostRecordTest {

    private final FlynnJson json = new FlynnJson();

    @Test
    void aRecordOfBeforeHostsCouldBeDrainedIsRead() {
        Host host = json.read("{\"id\":\"host1\",\"url\":\"http://a\",\"tags\":{\"disk\":\"ssd\"}}", Host.class);

        assertThat(host).isEqualTo(new Host("host1", "http://a", Map.of("disk", "ssd"), false));
    }

    @Test
    void thatAHostIsDrainedIsKept() {
        var host = new Host("host1", "http://a", Map.of(), true);

        assertThat(json.read(json.write(host), Host.class)).isEqualTo(host);
    }

    @Test
    void whatAHostHasIsKept() {
        var host = new Host("host1", "http://a", Map.of()).withCapacity(Optional.of(new Capacity(8L << 30, 4000)));

        assertThat(json.read(json.write(host), Host.class)).isEqualTo(host);
    }

    @Test
    void aHostRegistersItselfWithItsIdAndItsTags() {
        var instance = HostPresence.instance(new Host("host1", "http://a", Map.of("disk", "ssd")), "192.0.2.1:1113");

        assertThat(instance.meta()).isEqualTo(Map.of("id", "host1", "tag:disk", "ssd"));
        assertThat(instance.proto()).isEqualTo("tcp");
        assertThat(HostPresence.hostId(instance)).contains("host1");
    }
}
