package dev.flynn.router.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.route.BackendProtocol;
import dev.flynn.api.route.RoutePolicy.HealthCheck;
import dev.flynn.router.table.BackendSet.Member;
import dev.flynn.router.telemetry.MeterBudget;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BackendSetTest {

    private final Backend a = new Backend("127.0.0.1:1", MeterBudget.unlimited(1));
    private final Backend b = new Backend("127.0.0.1:2", MeterBudget.unlimited(1));
    private final Backend c = new Backend("127.0.0.1:3", MeterBudget.unlimited(1));
    private final BackendSet set = BackendSet.of(List.of(a, b, c));

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
        a.failures().refused(System.nanoTime());
        b.begin();
        c.begin();
        for (int i = 0; i < 30; i++) {
            assertThat(choose()).isNotSameAs(a);
        }
        assertThat(set.choose(List.of(b, c))).isSameAs(a);

        a.failures().accepted();
        assertThat(List.of(choose(), choose(), choose())).contains(a);
    }

    @Test
    void oneThatFailedSeveralTimesInARowComesLastUntilItAnswers() {
        for (int i = 0; i < Failures.MANY; i++) {
            a.failures().failed(System.nanoTime());
        }
        for (int i = 0; i < 30; i++) {
            assertThat(choose()).isNotSameAs(a);
        }

        a.failures().answered();
        assertThat(List.of(choose(), choose(), choose())).contains(a);
    }

    @Test
    void whenAllAreIllAllAreChosen() {
        var check = new Health.Question(HealthCheck.of("/"), BackendProtocol.HTTP_1);
        Health healthOfA = new Health(new Health.Subject(a, check));
        Health healthOfB = new Health(new Health.Subject(b, check));
        var checked = new BackendSet(List.of(new Member(a, healthOfA), new Member(b, healthOfB)));
        makeIll(healthOfA);
        for (int i = 0; i < 10; i++) {
            assertThat(checked.choose(List.of())).isSameAs(b);
        }

        makeIll(healthOfB);
        assertThat(List.of(checked.choose(List.of()), checked.choose(List.of())))
                .containsExactlyInAnyOrder(a, b);
    }

    private static void makeIll(Health health) {
        while (!health.isIll()) {
            health.heard(false);
        }
    }

    private Backend choose() {
        Backend chosen = set.choose(List.of());
        assertThat(chosen).isNotNull();
        return chosen;
    }
}
