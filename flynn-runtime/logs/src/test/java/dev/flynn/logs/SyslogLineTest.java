package dev.flynn.logs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.log.LogMessage;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SyslogLineTest {

    private static final String HEAD = "<0>1 2015-12-20T10:00:01.000000002Z host1 " + Lines.APP + " ";

    @Test
    void aLineIsOneMessage() {
        assertThat(new SyslogLine(Lines.APP, 812, Lines.message("listening on 8080")).encode())
                .isEqualTo("<190>1 2015-12-20T10:00:01.000000002Z host1 " + Lines.APP + " web." + Lines.JOB
                        + " ID1 [flynn seq=\"812\"] listening on 8080");
    }

    @Test
    void aOneOffJobHasNoTypeAndNoDot() {
        String text = Lines.line(1, "host1-a", "", "stderr").encode();

        assertThat(text).contains(" host1-a ID2 ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "plain",
                "",
                " leading and trailing ",
                "a ] \" \\ b",
                "grün 🐘",
                "[flynn seq=\"9\"] in the text",
                "1\n2"
            })
    void whatIsWrittenIsRead(String text) {
        for (String stream : new String[] {"stdout", "stderr", "init", "unknown"}) {
            for (String type : new String[] {"web", ""}) {
                var message = new LogMessage(
                        "host1",
                        Lines.JOB,
                        text,
                        Optional.of(type).filter(name -> !name.isEmpty()),
                        stream,
                        Lines.TIME);
                var line = new SyslogLine(Lines.APP, 7, message);

                assertThat(SyslogLine.parse(line.encode())).contains(line);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "web.host1-a,ID1,web,host1-a,stdout",
        "host1-a,ID2,,host1-a,stderr",
        "web.x.y,ID3,web,x.y,init",
        "web.j,-,web,j,unknown"
    })
    void typeJobAndStreamAreTakenApart(String procId, String msgId, String type, String job, String stream) {
        LogMessage message = SyslogLine.parse(HEAD + procId + " " + msgId + " [flynn seq=\"1\"] text")
                .orElseThrow()
                .message();

        assertThat(message)
                .isEqualTo(new LogMessage("host1", job, "text", Optional.ofNullable(type), stream, Lines.TIME));
    }

    @Test
    void aMessageWithoutTextIsAnEmptyLine() {
        assertThat(parse("web.j ID1 [flynn seq=\"1\"]").orElseThrow().message().message())
                .isEmpty();
        assertThat(parse("web.j ID1 [flynn seq=\"1\"] ").orElseThrow().message().message())
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[flynn a=\"b\" seq=\"5\"]",
                "[flynn seq=\"5\" a=\"b\"]",
                "[flynn a=\"escaped \\] and \\\" and \\\\\" seq=\"5\"]"
            })
    void moreParametersAreLookedOver(String data) {
        assertThat(parse("web.j ID1 " + data + " text").orElseThrow().seq()).isEqualTo(5);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "web.j ID1 - text",
                "web.j ID1 [flynn] text",
                "web.j ID1 [flynn seq=\"x\"] text",
                "web.j ID1 [flynn a=\"seq=\"] text",
                "web.j ID1 [other seq=\"1\"] text",
                "web.j ID1 [flynn seq=\"1\" text",
                "web.j ID1",
                "web.j",
                ""
            })
    void whatIsNoLineOfOursIsSkipped(String rest) {
        assertThat(parse(rest)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<0>2 2015-12-20T10:00:01Z h %s web.j ID1 [flynn seq=\"1\"] x",
                "<0>1 yesterday h %s web.j ID1 [flynn seq=\"1\"] x",
                "0 1 2015-12-20T10:00:01Z h %s web.j ID1 [flynn seq=\"1\"] x",
                "<0>1 2015-12-20T10:00:01Z h no-id web.j ID1 [flynn seq=\"1\"] x"
            })
    void aWrongHeadIsSkipped(String form) {
        assertThat(SyslogLine.parse(form.formatted(Lines.APP))).isEmpty();
    }

    @Test
    void aFrameIsCountedInBytesAndEndsWithANewline() {
        String frame = new String(new SyslogLine(Lines.APP, 1, Lines.message("grün")).frame(), UTF_8);
        String text = new SyslogLine(Lines.APP, 1, Lines.message("grün")).encode();

        assertThat(frame).isEqualTo(text.getBytes(UTF_8).length + " " + text + "\n");
    }

    @Test
    void aTextOfAnyLengthGivesAFrameThatCanBeRead() {
        var line = new SyslogLine(Lines.APP, 1, Lines.message("\uFFFD".repeat(200_000)));

        assertThat(line.frame()).hasSizeLessThan(64 * 1024);
        assertThat(SyslogLine.parse(line.encode())).isPresent();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void noInputBreaksTheParser(long seed) {
        var random = new Random(seed);
        String valid = Lines.line(1).encode();
        for (int i = 0; i < 2_000; i++) {
            var text = new StringBuilder(valid);
            for (int change = random.nextInt(4); change >= 0; change--) {
                text.setCharAt(random.nextInt(text.length()), (char) (' ' + random.nextInt(95)));
            }
            text.setLength(random.nextInt(text.length() + 1));
            assertThat(SyslogLine.parse(text.toString())).isNotNull();
        }
        assertThat(SyslogLine.parse(HEAD + "j ID1 [flynn a=\"" + "\\]".repeat(100_000)))
                .isEmpty();
    }

    private static Optional<SyslogLine> parse(String rest) {
        return SyslogLine.parse(HEAD + rest);
    }
}
