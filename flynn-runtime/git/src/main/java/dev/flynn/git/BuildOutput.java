package dev.flynn.git;

import dev.flynn.api.host.OutputStreamKind;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** A build's output: passed on by lines, and read for the process types. Not thread-safe. */
final class BuildOutput {

    /** A longer line is passed on in parts. */
    static final int MAX_LINE_BYTES = 16 * 1024;

    private final Consumer<String> sink;
    private final Map<OutputStreamKind, ByteArrayOutputStream> begun = new EnumMap<>(OutputStreamKind.class);
    private List<String> processTypes = List.of();

    BuildOutput(Consumer<String> sink) {
        this.sink = sink;
    }

    void write(OutputStreamKind stream, byte[] bytes) {
        ByteArrayOutputStream line = begun.computeIfAbsent(stream, any -> new ByteArrayOutputStream());
        for (byte next : bytes) {
            if (next == '\n') {
                pass(line);
            } else {
                boolean beginsCharacter = (next & 0xC0) != 0x80;
                if (line.size() >= MAX_LINE_BYTES && beginsCharacter) {
                    pass(line);
                }
                line.write(next);
            }
        }
    }

    /** Passes on lines that have no end. */
    void finish() {
        begun.values().stream().filter(line -> line.size() > 0).forEach(this::pass);
    }

    /** Empty unless the build said which there are. */
    List<String> processTypes() {
        return processTypes;
    }

    private void pass(ByteArrayOutputStream bytes) {
        String line = bytes.toString(StandardCharsets.UTF_8);
        bytes.reset();
        if (processTypes.isEmpty()) {
            processTypes = ProcessTypes.declaredIn(line);
        }
        sink.accept(line);
    }
}
