package dev.flynn.cli;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The program's standard streams: data goes to {@code out}, confirmations and failures to {@code err} (contract: CLI,
 * Output conventions).
 *
 * @param terminals which of the streams are terminals: the letters i, o, e
 */
record Console(InputStream in, PrintStream out, PrintStream err, String terminals) {

    /** The launcher asks the shell, which knows without any native code of ours. */
    private static final String TERMINALS_PROPERTY = "flynn.terminals";

    static Console ofProcess() {
        PrintStream out = print(new FileOutputStream(FileDescriptor.out));
        PrintStream err = print(new FileOutputStream(FileDescriptor.err));
        return new Console(
                new FileInputStream(FileDescriptor.in), out, err, System.getProperty(TERMINALS_PROPERTY, ""));
    }

    private static PrintStream print(OutputStream stream) {
        return new PrintStream(new BufferedOutputStream(stream, 8192), false, StandardCharsets.UTF_8);
    }

    /** A line of data. */
    void print(String line) {
        out.print(line);
        out.print('\n');
    }

    /** A line that confirms, or tells of a failure. */
    void tell(String line) {
        out.flush();
        err.print(line);
        err.print('\n');
        err.flush();
    }

    /** Whether input and output are one terminal's. */
    boolean isInteractive() {
        return terminals.contains("i") && terminals.contains("o");
    }

    /**
     * Asks a question that has a yes or a no.
     *
     * @return the answer; no at the end of the input
     */
    boolean confirm(String question) {
        out.print(question + " (yes/no): ");
        while (true) {
            out.flush();
            switch (readLine()) {
                case "y", "yes" -> {
                    return true;
                }
                case "n", "no", END -> {
                    return false;
                }
                default -> out.print("Please type 'yes' or 'no': ");
            }
        }
    }

    private static final String END = "\0";

    /** Reads a line; empty at the end of the input. */
    Optional<String> readText() {
        return Optional.of(readLine()).filter(line -> !line.equals(END));
    }

    /** Reads byte by byte, so that what follows the answer stays for others to read. */
    private String readLine() {
        try {
            var line = new ByteArrayOutputStream();
            for (int b = in.read(); b != '\n'; b = in.read()) {
                if (b < 0) {
                    return line.size() == 0 ? END : line.toString(StandardCharsets.UTF_8);
                }
                line.write(b);
            }
            return line.toString(StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new CliException("cannot read the answer: " + e.getMessage(), e);
        }
    }

    void flush() {
        out.flush();
        err.flush();
    }
}
