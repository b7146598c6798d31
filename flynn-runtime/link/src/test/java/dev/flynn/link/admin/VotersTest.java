package dev.flynn.link.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.util.Set;
import org.junit.jupiter.api.Test;

class VotersTest {

    @Test
    void oneOfThreeMayGoDeadOrAlive() {
        var voters = new Voters(Set.of("a", "b", "c"), Set.of("a", "b"));

        assertThatCode(() -> voters.requireEnoughWithout("c")).doesNotThrowAnyException();
    }

    @Test
    void theLastOneMayNot() {
        assertThatThrownBy(() -> new Voters(Set.of("a"), Set.of("a")).requireEnoughWithout("a"))
                .hasMessageContaining("\"a\" is the only one that votes")
                .hasMessageContaining("promote another one first")
                .extracting(e -> ((FlynnException) e).code())
                .isEqualTo(ErrorCode.PRECONDITION_FAILED);
    }

    @Test
    void aLivingOneMayNotIfTheDeadWouldOutvoteTheRest() {
        var voters = new Voters(Set.of("a", "b", "c"), Set.of("a", "b"));

        assertThatThrownBy(() -> voters.requireEnoughWithout("a"))
                .hasMessageContaining("voters would be [b, c], and [c] do not live")
                .hasMessageContaining("demote or remove the dead ones");
    }

    @Test
    void anEvenNumberIsNotGoodAndAnOddOneIs() {
        assertThat(new Voters(Set.of("a", "b"), Set.of()).advice())
                .hasValueSatisfying(
                        advice -> assertThat(advice).contains("2 voters").contains("1, 3 or 5"));
        assertThat(new Voters(Set.of("a", "b", "c"), Set.of()).advice()).isEmpty();
    }
}
