package dev.flynn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgesTest {

    private static final Instant NOW = Instant.parse("2015-12-14T09:12:03.4Z");

    @ParameterizedTest
    @CsvSource({
        "-5, Less than a second ago",
        "0, Less than a second ago",
        "1, 1 seconds ago",
        "59, 59 seconds ago",
        "60, About a minute ago",
        "119, About a minute ago",
        "120, 2 minutes ago",
        "3599, 59 minutes ago",
        "3600, About an hour ago",
        "7200, 2 hours ago",
        "172799, 47 hours ago",
        "172800, 2 days ago",
        "1209599, 13 days ago",
        "1209600, 2 weeks ago",
        "7775999, 12 weeks ago",
        "7776000, 3 months ago",
        "63071999, 24 months ago",
        "63072000, 2 years ago"
    })
    void saysAgesInWords(long seconds, String words) {
        assertThat(Ages.ago(NOW.minusSeconds(seconds), NOW)).isEqualTo(words);
    }

    @Test
    void anAbsentTimeIsAnEmptyCell() {
        assertThat(Ages.ago(Optional.empty(), NOW)).isEmpty();
    }
}
