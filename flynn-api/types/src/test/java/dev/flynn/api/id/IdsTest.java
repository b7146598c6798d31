package dev.flynn.api.id;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.FlynnException;
import java.util.Random;
import java.util.UUID;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdsTest {

    private static final Pattern SHAPE = Pattern.compile("[a-f0-9]{8}-?([a-f0-9]{4}-?){3}[a-f0-9]{12}");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-",
                "-5a9c1b2e3f4d4a5b8c7d6e5f4a3b2c1d",
                "5a9c1b2e--3f4d-4a5b-8c7d-6e5f4a3b2c1d",
                "5a9c1b2e-3f4d-4a5b-8c7d-6e5f4a3b2c1d-",
                "5A9c1b2e-3f4d-4a5b-8c7d-6e5f4a3b2c1d",
                "5a9c1b2e-3f4d-4a5b-8c7d-6e5f4a3b2c1",
                "5a9c1b2e-3f4d-4a5b-8c7d-6e5f4a3b2c1d0",
                "5a9c1b2e3-f4d-4a5b-8c7d-6e5f4a3b2c1d",
                "web"
            })
    void whatHasAnotherShapeIsNoId(String text) {
        assertThat(Ids.isId(text)).isFalse();
    }

    @Test
    void dashesAreOptionalEachForItself() {
        UUID id = UUID.fromString("5a9c1b2e-3f4d-4a5b-8c7d-6e5f4a3b2c1d");

        assertThat(Ids.parse("5a9c1b2e-3f4d-4a5b-8c7d-6e5f4a3b2c1d")).isEqualTo(id);
        assertThat(Ids.parse("5a9c1b2e3f4d4a5b8c7d6e5f4a3b2c1d")).isEqualTo(id);
        assertThat(Ids.parse("5a9c1b2e3f4d-4a5b8c7d6e5f4a3b2c1d")).isEqualTo(id);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void theShapeIsThatOfTheExpression(long seed) {
        var random = new Random(seed);
        for (int i = 0; i < 2000; i++) {
            var text = new StringBuilder(new UUID(random.nextLong(), random.nextLong()).toString());
            for (int change = random.nextInt(3); change > 0; change--) {
                int at = random.nextInt(text.length());
                switch (random.nextInt(3)) {
                    case 0 -> text.deleteCharAt(at);
                    case 1 -> text.insert(at, "-0aG".charAt(random.nextInt(4)));
                    default -> text.setCharAt(at, "-0aG".charAt(random.nextInt(4)));
                }
            }
            assertThat(Ids.isId(text.toString()))
                    .as(text.toString())
                    .isEqualTo(SHAPE.matcher(text).matches());
            requireParsed(text.toString());
        }
    }

    /** As the digits say, or not at all. */
    private static void requireParsed(String text) {
        if (SHAPE.matcher(text).matches()) {
            String digits = text.replace("-", "");
            assertThat(Ids.parse(text))
                    .as(text)
                    .isEqualTo(new UUID(
                            Long.parseUnsignedLong(digits.substring(0, 16), 16),
                            Long.parseUnsignedLong(digits.substring(16), 16)));
        } else {
            assertThatThrownBy(() -> Ids.parse(text)).as(text).isInstanceOf(FlynnException.class);
        }
    }
}
