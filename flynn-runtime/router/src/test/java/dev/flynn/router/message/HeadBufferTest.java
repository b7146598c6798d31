package dev.flynn.router.message;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeadBufferTest {

    private final HeadBuffer buffer = new HeadBuffer();

    @Test
    void piecesStandOneBehindTheOther() {
        buffer.add(Ascii.bytes("GET"))
                .add(' ')
                .add(Ascii.bytes("x/index?"), 1, 6)
                .add(" HTTP/1.1");

        assertThat(text()).isEqualTo("GET /index HTTP/1.1");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 7, 10, 200, 1_795_318_279_123L, Long.MAX_VALUE})
    void numbersAreWrittenAsDecimals(long number) {
        assertThat(number(number)).isEqualTo(Long.toString(number));
    }

    @Test
    void growsWithWhatIsAdded() {
        String piece = "x".repeat(1000);
        for (int i = 0; i < 50; i++) {
            buffer.add(piece).add(Ascii.bytes(piece)).add('y').addDecimal(i);
        }

        assertThat(text()).hasSize(50 * 2001 + 10 + 2 * 40).endsWith("xy49");
    }

    @Test
    void nothingIsLeftOfTheHeadBefore() {
        buffer.add("a long head").clear().add("short");

        assertThat(text()).isEqualTo("short");
    }

    @Test
    void roomIsLeftForWhatFollows() {
        ByteBuf written = buffer.add("head").toBuffer(UnpooledByteBufAllocator.DEFAULT, 6);
        try {
            assertThat(written.writableBytes()).isEqualTo(6);
        } finally {
            written.release();
        }
    }

    private String number(long number) {
        buffer.clear().addDecimal(number);
        return text();
    }

    private String text() {
        ByteBuf written = buffer.toBuffer(UnpooledByteBufAllocator.DEFAULT, 0);
        try {
            return written.toString(StandardCharsets.US_ASCII);
        } finally {
            written.release();
        }
    }
}
