package dev.flynn.containers.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TailTest {

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void keepsTheLastBytesHoweverTheyCome(long seed) {
        var random = new Random(seed);
        var tail = new Tail(16);
        var all = new StringBuilder();

        for (int i = 0; i < 50; i++) {
            byte[] bytes = new byte[random.nextInt(40)];
            for (int index = 0; index < bytes.length; index++) {
                bytes[index] = (byte) ('a' + random.nextInt(26));
            }
            int count = random.nextInt(bytes.length + 1);
            tail.write(bytes, count);
            all.append(new String(bytes, 0, count, StandardCharsets.UTF_8));
            assertThat(tail.text()).isEqualTo(all.substring(Math.max(0, all.length() - 16)));
        }
    }

    @Test
    void leavesOutACharacterWhoseBeginningIsLost() {
        var tail = new Tail(4);
        byte[] bytes = "日本".getBytes(StandardCharsets.UTF_8);

        tail.write(bytes, bytes.length);

        assertThat(tail.text()).isEqualTo("本");
    }
}
