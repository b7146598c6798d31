package dev.flynn.distro;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class JobNetworkFactsTest {

    @Test
    void theNetworkIsThatOfTheInterfaceWithTheAddress() {
        assertThat(JobNetworkFacts.of("127.0.0.1")).hasValueSatisfying(facts -> {
            assertThat(facts.subnet()).isEqualTo("127.0.0.1/8");
            assertThat(facts.mtu()).isPositive();
        });
    }

    @Test
    void aHostWithoutSuchAnInterfaceHasNoNetwork() {
        assertThat(JobNetworkFacts.of("192.0.2.200")).isEmpty();
    }

    @Test
    void resolversAreThoseOfTheHost() {
        assertThat(JobNetworkFacts.resolvers(Stream.of(
                        "# mine", "search example.com", "nameserver 192.0.2.1", " nameserver\t2001:db8::1", "")))
                .containsExactly("192.0.2.1", "2001:db8::1");
    }
}
