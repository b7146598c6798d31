package dev.flynn.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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
        "2016-02-29T00:00:00Z, 2016-02-29T00:00:00Z",
        "0001-01-01T00:00:00Z, 0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.5Z, 9999-12-31T23:59:59.5Z",
        "1969-12-31T23:59:59.9Z, 1969-12-31T23:59:59.9Z",
        "+12015-12-14T17:06:40Z, +12015-12-14T17:06:40Z",
        "-0044-03-15T12:00:00Z, -0044-03-15T12:00:00Z",
        "2015-12-14T19:06:40+02:00, 2015-12-14T17:06:40Z",
        "2015-12-14T17:06Z, 2015-12-14T17:06:00Z"
    })
    void anyTimeOfTheFormIsRead(String text, String time) {
        assertThat(Times.parse(text)).isEqualTo(Instant.parse(time));
        assertThat(Times.parse(Times.formatNanos(Instant.parse(time)))).isEqualTo(Instant.parse(time));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "2015",
                "2015-12-14T17:06:40",
                "2015-12-14 17:06:40Z",
                "2015-13-14T17:06:40Z",
                "2015-02-30T17:06:40Z",
                "2015-12-14T17:66:40Z",
                "2015-12-14T17:06:40,5Z",
                "2015-12-14T17:06:40.1234567890Z",
                "2015-12-14T17:06:4xZ"
            })
    void whatIsNoTimeIsASyntaxError(String text) {
        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(() -> Times.parse(text))
                .satisfies(refused -> assertThat(refused.code()).isEqualTo(ErrorCode.SYNTAX));
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
