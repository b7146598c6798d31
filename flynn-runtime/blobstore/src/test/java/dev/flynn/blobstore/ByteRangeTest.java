package dev.flynn.blobstore;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteRangeTest {

    @ParameterizedTest
    @CsvSource({
        "bytes=0-0,0,1",
        "bytes=0-99,0,100",
        "bytes=10-,10,90",
        "bytes=10-1000,10,90",
        "bytes=-5,95,5",
        "bytes=-500,0,100"
    })
    void aRangeIsCutFromTheObject(String header, long first, long length) {
        assertThat(ByteRange.parse(header, 100)).isEqualTo(new ByteRange(first, length, true));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes=100-", "bytes=100-200", "bytes=-0"})
    void aRangeBeyondTheObjectIsNotThere(String header) {
        assertThat(ByteRange.parse(header, 100)).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "bytes=",
                "bytes=-",
                "bytes=a-b",
                "bytes=0-1,5-6",
                "lines=0-1",
                "bytes=5-2",
                "bytes=99999999999999999999-"
            })
    void whatIsNoSingleRangeMeansTheWhole(String header) {
        assertThat(ByteRange.parse(header, 100)).isEqualTo(new ByteRange(0, 100, false));
    }
}
