package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BackendSetTest {

    private final Backend a = new Backend("127.0.0.1:1");
    private final Backend b = new Backend("127.0.0.1:2");
    private final Backend c = new Backend("127.0.0.1:3");
    private final BackendSet set = new BackendSet(List.of(a, b, c));

    @Test
    void idleOnesTakeTurns() {
        for (int round = 0; round < 10; round++) {
            assertThat(Set.of(choose(), choose(), choose())).containsExactlyInAnyOrder(a, b, c);
        }
    }

    @Test
    void theBusiestIsNeverChosenAgainstTwoOthersThatAreIdle() {
        a.begin();

        for (int i = 0; i < 30; i++) {
            assertThat(choose()).isNotSameAs(a);
        }
    }

    @Test
    void eachIsTriedOnce() {
        Set<Backend> tried = new HashSet<>();

        for (int i = 0; i < 3; i++) {
            assertThat(tried.add(set.choose(tried))).isTrue();
        }

        assertThat(set.choose(tried)).isNull();
        assertThat(BackendSet.EMPTY.choose(List.of())).isNull();
    }

    @Test
    void oneThatRefusedLatelyComesLastUntilItAcceptsAgain() {
        a.refused();
        b.begin();
        c.begin();
        for (int i = 0; i < 30; i++) {
            assertThat(choose()).isNotSameAs(a);
        }
        assertThat(set.choose(List.of(b, c))).isSameAs(a);

        a.accepted();
        assertThat(List.of(choose(), choose(), choose())).contains(a);
    }

    private Backend choose() {
        Backend chosen = set.choose(List.of());
        assertThat(chosen).isNotNull();
        return chosen;
    }
}
