package dev.flynn.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AttendanceTest {

    private static final Set<String> HOSTS = Set.of("host1", "host2", "host3");

    private final Attendance attendance = new Attendance();
    private long now = Long.MAX_VALUE - Duration.ofSeconds(10).toNanos();

    @Test
    void whoIsRegisteredLives() {
        seen("host1", "host2", "host3");

        assertThat(attendance.roll(HOSTS, now)).isEqualTo(HostPresence.Roll.allAlive(HOSTS));
    }

    @Test
    void whoWentIsDeadAfterThePatience() {
        seen("host1", "host2", "host3");
        attendance.gone("i-host3", now);

        assertThat(attendance.roll(HOSTS, now).dead()).isEmpty();
        assertThat(attendance.roll(HOSTS, now).alive()).containsExactlyInAnyOrder("host1", "host2");
        assertThat(attendance.roll(HOSTS, now).nextDeathInNanos()).contains(Attendance.PATIENCE.toNanos());

        pass(Attendance.PATIENCE.minusNanos(1));
        assertThat(attendance.roll(HOSTS, now).dead()).isEmpty();
        pass(Duration.ofNanos(1));
        assertThat(attendance.roll(HOSTS, now).dead()).containsExactly("host3");
    }

    @Test
    void whoComesBackIsNotDeadAndHasThePatienceAgain() {
        seen("host1", "host2", "host3");
        attendance.gone("i-host3", now);
        pass(Attendance.PATIENCE.dividedBy(2));
        attendance.appeared("i-host3", "host3");
        pass(Attendance.PATIENCE);
        assertThat(attendance.roll(HOSTS, now).dead()).isEmpty();

        attendance.gone("i-host3", now);
        assertThat(attendance.roll(HOSTS, now).dead()).isEmpty();
    }

    @Test
    void whoWasNeverSeenIsGivenTheTimeThatAStartOfEverythingTakes() {
        seen("host1");

        pass(Attendance.PATIENCE.multipliedBy(3));
        assertThat(attendance.roll(HOSTS, now).dead()).isEmpty();
        pass(Attendance.LONG_PATIENCE);
        assertThat(attendance.roll(HOSTS, now).dead()).containsExactlyInAnyOrder("host2", "host3");
    }

    @Test
    void whoGoesTogetherWithMostIsGivenMoreTime() {
        seen("host1", "host2", "host3");
        attendance.gone("i-host2", now);
        attendance.gone("i-host3", now);

        pass(Attendance.PATIENCE.multipliedBy(2));
        assertThat(attendance.roll(HOSTS, now).dead()).isEmpty();
        pass(Attendance.LONG_PATIENCE);
        assertThat(attendance.roll(HOSTS, now).dead()).containsExactlyInAnyOrder("host2", "host3");
    }

    @Test
    void hostsThatAreDeadForLongDoNotDelayTheNextDeath() {
        seen("host1", "host2", "host3");
        attendance.gone("i-host3", now);
        pass(Attendance.LONG_PATIENCE);
        attendance.gone("i-host2", now);
        pass(Attendance.PATIENCE);

        assertThat(attendance.roll(HOSTS, now).dead()).containsExactlyInAnyOrder("host2", "host3");
    }

    @Test
    void whileNobodyLivesNobodyIsDead() {
        seen("host1");
        attendance.gone("i-host1", now);
        pass(Attendance.LONG_PATIENCE.multipliedBy(2));

        assertThat(attendance.roll(HOSTS, now))
                .isEqualTo(new HostPresence.Roll(Set.of(), Set.of(), java.util.Optional.empty()));
    }

    @Test
    void nothingIsSaidBeforeDiscoveryHasToldEverything() {
        attendance.begin();
        attendance.appeared("i-host1", "host1");
        pass(Attendance.LONG_PATIENCE.multipliedBy(2));

        assertThat(attendance.roll(HOSTS, now).alive()).isEmpty();
        assertThat(attendance.roll(HOSTS, now).dead()).isEmpty();
    }

    @Test
    void whoIsNotToldByANewWatchWentWhenItWasComplete() {
        seen("host1", "host2", "host3");
        pass(Duration.ofMinutes(5));
        attendance.begin();
        attendance.appeared("i-host1", "host1");
        attendance.appeared("i-host2", "host2");
        assertThat(attendance.roll(HOSTS, now).alive()).isEqualTo(HOSTS);

        attendance.complete(now);

        assertThat(attendance.roll(HOSTS, now).alive()).containsExactlyInAnyOrder("host1", "host2");
        assertThat(attendance.roll(HOSTS, now).dead()).isEmpty();
        pass(Attendance.PATIENCE);
        assertThat(attendance.roll(HOSTS, now).dead()).containsExactly("host3");
    }

    @Test
    void aHostThatMovedToAnotherAddressLivesWhileOneOfItsInstancesDoes() {
        seen("host1", "host2");
        attendance.appeared("i-host2-elsewhere", "host2");
        attendance.gone("i-host2", now);
        pass(Attendance.LONG_PATIENCE.multipliedBy(2));

        assertThat(attendance.roll(Set.of("host1", "host2"), now).alive()).contains("host2");
    }

    private void seen(String... hosts) {
        attendance.begin();
        for (String host : hosts) {
            attendance.appeared("i-" + host, host);
        }
        attendance.complete(now);
    }

    private void pass(Duration time) {
        now += time.toNanos();
    }
}
