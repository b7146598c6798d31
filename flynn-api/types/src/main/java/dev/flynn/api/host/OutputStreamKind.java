package dev.flynn.api.host;

import java.util.Locale;
import org.apiguardian.api.API;

/** Which of its outputs a job wrote to; the number is the stream's number in attach frames and log lines. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public enum OutputStreamKind {
    STDOUT(1),
    STDERR(2),
    INIT(3);

    private final int number;

    OutputStreamKind(int number) {
        this.number = number;
    }

    public int number() {
        return number;
    }

    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
