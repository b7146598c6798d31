package dev.flynn.logs;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CursorTest {

    private final Cursor cursor = new Cursor(Lines.TIME, 5);

    @Test
    void aLaterTimeWinsWithALowerNumber() {
        var later = new Cursor(Lines.TIME.plusNanos(1), 1);

        assertThat(cursor.orLater(later)).isEqualTo(later);
        assertThat(later.orLater(cursor)).isEqualTo(later);
    }

    @Test
    void atEqualTimesTheHigherNumberWins() {
        var higher = new Cursor(Lines.TIME, 6);

        assertThat(cursor.orLater(higher)).isEqualTo(higher);
        assertThat(higher.orLater(cursor)).isEqualTo(higher);
    }
}
