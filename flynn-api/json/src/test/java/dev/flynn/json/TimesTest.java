package dev.flynn.json;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TimesTest {

    @ParameterizedTest
    @CsvSource({
        "2015-12-14T17:06:40Z, 2015-12-14T17:06:40Z",
        "2015-12-14T17:06:40.100000000Z, 2015-12-14T17:06:40.1Z",
        "2015-12-14T17:06:40.000000001Z, 2015-12-14T17:06:40.000000001Z",
        "2015-12-14T17:06:40.012345Z, 2015-12-14T17:06:40.012345Z",
        "2015-12-14T17:06:40.999999999Z, 2015-12-14T17:06:40.999999999Z"
    })
    void zerosAtTheEndOfTheFractionAreCutAndNoOthers(String time, String text) {
        assertThat(Times.formatNanos(Instant.parse(time))).isEqualTo(text);
        assertThat(Times.parse(text)).isEqualTo(Instant.parse(time));
    }

    @ParameterizedTest
    @CsvSource({
        "2015-12-14T17:06:40.000000999Z, 2015-12-14T17:06:40Z",
        "2015-12-14T17:06:40.120000999Z, 2015-12-14T17:06:40.12Z"
    })
    void onTheWireTheyEndAtTheMicrosecond(String time, String text) {
        assertThat(Times.format(Instant.parse(time))).isEqualTo(text);
    }
}
