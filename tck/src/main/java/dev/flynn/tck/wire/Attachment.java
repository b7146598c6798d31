package dev.flynn.tck.wire;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** What was answered to a request to be attached, and, after a 101, the frames. */
final class Attachment implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Answer answer;
    private final Connection connection;
    private final DataInputStream in;
    private final List<Frame> frames = new ArrayList<>();

    Attachment(Answer answer, Connection connection) throws IOException {
        this.answer = answer;
        this.connection = connection;
        this.in = new DataInputStream(connection.in());
        connection.patience(PATIENCE);
    }

    Answer answer() {
        return answer;
    }

    Attachment attached() {
        answer.is(101);
        return this;
    }

    Attachment prepared() {
        if (answer.status() != 101) {
            close();
            throw new Blocked(
                    "needs an attached job, but was answered %d %s".formatted(answer.status(), answer.text()));
        }
        return this;
    }

    void send(byte[] frame) {
        try {
            connection.out().write(frame);
            connection.out().flush();
        } catch (IOException e) {
            throw new ContractBroken("the connection did not take a frame: " + e.getMessage());
        }
    }

    /** The next frame; nothing at the end of the connection. */
    Optional<Frame> next() {
        try {
            Frame frame = Frame.read(in);
            frames.add(frame);
            return Optional.of(frame);
        } catch (EOFException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new ContractBroken("no frame: " + e.getMessage() + "; before it came " + shown());
        }
    }

    /** Reads until that text was in the output of a stream. */
    void awaitOutput(int stream, String text) {
        while (!output(stream).contains(text)) {
            if (next().isEmpty()) {
                throw new ContractBroken("expected \"%s\" on stream %d, had %s".formatted(text, stream, shown()));
            }
        }
    }

    /** Reads to the end of the connection. */
    List<Frame> all() {
        while (next().isPresent()) {
            // until it ends
        }
        return frames;
    }

    /** What came on a stream so far. */
    String output(int stream) {
        return frames.stream()
                .filter(frame -> frame instanceof Frame.Data data && data.stream() == stream)
                .map(frame -> ((Frame.Data) frame).text())
                .collect(Collectors.joining());
    }

    /** The exit status, after everything was read. */
    long exitStatus() {
        List<Frame> exits = all().stream().filter(Frame.Exit.class::isInstance).toList();
        Expect.that(exits.size() == 1, "expected one frame with the exit status, had %s", shown());
        return ((Frame.Exit) exits.get(0)).status();
    }

    String shown() {
        return frames.stream()
                .map(frame -> frame instanceof Frame.Data data
                        ? "data(%d, \"%s\")"
                                .formatted(data.stream(), data.text().replace("\n", "\\n"))
                        : frame.toString())
                .collect(Collectors.joining(", ", "[", "]"));
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (IOException e) {
            // nobody reads any more
        }
    }
}
