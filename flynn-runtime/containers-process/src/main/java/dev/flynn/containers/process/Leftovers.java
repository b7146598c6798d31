package dev.flynn.containers.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Ends the processes that an earlier instance on the same directory left running. Supervisors do that by themselves when
 * their parent dies; this is for what they could not see any more.
 */
final class Leftovers {

    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private Leftovers() {}

    /**
     * Kills every process whose command line or environment names something in a directory: that of one job, or of all.
     *
     * @return how many there were
     */
    static int end(Path directory) {
        String mark = directory + "/";
        List<ProcessHandle> found = ProcessHandle.allProcesses()
                .filter(process -> process.pid() != ProcessHandle.current().pid())
                .filter(process -> names(process.pid(), mark))
                .toList();
        found.forEach(ProcessHandle::destroyForcibly);
        for (ProcessHandle process : found) {
            await(process.onExit());
        }
        return found.size();
    }

    private static boolean names(long pid, String mark) {
        return contains(Path.of("/proc/" + pid + "/cmdline"), mark)
                || contains(Path.of("/proc/" + pid + "/environ"), "HOME=" + mark)
                || contains(Path.of("/proc/" + pid + "/environ"), "TMPDIR=" + mark);
    }

    private static boolean contains(Path file, String mark) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8).contains(mark);
        } catch (IOException goneOrNotOurs) {
            return false;
        }
    }

    private static void await(CompletableFuture<ProcessHandle> exit) {
        try {
            exit.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException stillThere) {
            // it was sent SIGKILL; the kernel will end it
        }
    }
}
