package dev.flynn.logs;

import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Log lines for tests. */
final class Lines {

    static final AppId APP = AppId.of("3f9a1c1e-7f0a-4b6e-9a55-1d0c2f3b4a5e");
    static final Instant TIME = Instant.parse("2015-12-20T10:00:01.000000002Z");
    static final String JOB = "host1-5d1c8e9f-3a4b-4c5d-8e9f-0a1b2c3d4e5f";

    private Lines() {}

    static LogMessage message(String text) {
        return message(text, TIME);
    }

    static LogMessage message(String text, Instant time) {
        return new LogMessage("host1", JOB, text, Optional.of("web"), "stdout", time);
    }

    /** The number is the line's seq, and how many nanoseconds after the first it was written. */
    static SyslogLine line(int number) {
        return new SyslogLine(APP, number, message("line " + number, TIME.plusNanos(number)));
    }

    static SyslogLine line(int number, String jobId, String type, String stream) {
        Optional<String> processType = Optional.of(type).filter(name -> !name.isEmpty());
        return new SyslogLine(
                APP,
                number,
                new LogMessage("host1", jobId, "line " + number, processType, stream, TIME.plusNanos(number)));
    }

    static List<String> texts(Iterable<LogMessage> messages) {
        List<String> texts = new ArrayList<>();
        messages.forEach(message -> texts.add(message.message()));
        return texts;
    }
}
