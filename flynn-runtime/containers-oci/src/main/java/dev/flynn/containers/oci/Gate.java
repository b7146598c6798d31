package dev.flynn.containers.oci;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The pipe at which a created container waits. The runtime's own command {@code start} does the same, and takes a fifth of
 * the whole start for it.
 */
final class Gate {

    private Gate() {}

    /** Releases the main process, unless it was released before. */
    static void open(JobDirectory directory, long pid) throws IOException {
        Path pipe = pipe(directory);
        if (!isWaiting(pid)) {
            Files.deleteIfExists(pipe);
            return;
        }
        try (InputStream gate = Files.newInputStream(pipe)) {
            var unused = gate.read();
            Files.deleteIfExists(pipe);
        } catch (NoSuchFileException released) {
            // the process is about to run
        }
    }

    /** Ends the wait of {@link #open} for a process that ended before it was released. */
    static void unblock(JobDirectory directory) {
        Path pipe = pipe(directory);
        if (!Files.exists(directory.exit()) || !Files.exists(pipe)) {
            return;
        }
        try (FileChannel gate = FileChannel.open(pipe, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            gate.write(ByteBuffer.wrap(new byte[1]));
        } catch (IOException released) {
            // nobody waits
        }
    }

    private static boolean isWaiting(long pid) {
        String[] line = Proc.commandLine(pid);
        return line.length > 1 && line[line.length - 1].equals("init");
    }

    private static Path pipe(JobDirectory directory) {
        return directory.runtimeState().resolve("exec.fifo");
    }
}
