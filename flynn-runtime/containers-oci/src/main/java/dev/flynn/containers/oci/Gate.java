package dev.flynn.containers.oci;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The pipe at which a created container waits. The runtime's own command {@code start} does the same, and takes a fifth of
 * the whole start for it.
 */
final class Gate {

    /** Not in this process: killed in between, it would take the container with it, which writes to the pipe. */
    private static final String OPEN = "read -r byte <\"$1\"";

    private Gate() {}

    /** Releases the main process that waits for a starter that is gone. */
    private static void open(JobDirectory directory, long pid) throws IOException, InterruptedException {
        Process opener = Shell.builder(
                        List.of("/bin/sh", "-c", OPEN, "sh", pipe(directory).toString()))
                .start();
        while (!opener.waitFor(1, TimeUnit.SECONDS)) {
            unblock(directory);
            if (!isWaiting(pid)) {
                opener.destroy(); // the starter was quicker
            }
        }
    }

    /** Releases the main process, unless an earlier process did. */
    static void openAgain(JobDirectory directory, long pid) throws IOException, InterruptedException {
        if (isWaiting(pid) && Files.exists(pipe(directory))) {
            open(directory, pid);
        }
        opened(directory);
    }

    /** The main process was released; nobody waits at the pipe any more. */
    static void opened(JobDirectory directory) throws IOException {
        Files.deleteIfExists(pipe(directory));
    }

    /** Ends the wait of who opens it for a process that ended before it was released. */
    static void unblock(JobDirectory directory) {
        Path pipe = pipe(directory);
        if (!Files.exists(directory.exit()) || !Files.exists(pipe)) {
            return;
        }
        try (FileChannel gate = FileChannel.open(pipe, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            gate.write(ByteBuffer.wrap(new byte[] {'\n'}));
        } catch (IOException released) {
            // nobody waits
        }
    }

    /** Whether it is the runtime still, which becomes the main process. */
    private static boolean isWaiting(long pid) {
        String[] line = Proc.commandLine(pid);
        return line.length > 1 && line[line.length - 1].equals("init");
    }

    static Path pipe(JobDirectory directory) {
        return directory.runtimeState().resolve("exec.fifo");
    }
}
