package dev.flynn.cli;

import dev.flynn.client.AttachedJob;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.TimeUnit;
import sun.misc.Signal;

/** Sends an attached job what the user does: input, signals, new sizes of the terminal. */
final class JobInput {

    /** With a frame's head, four full records of TLS. */
    private static final int BUFFER_BYTES = 64 * 1024 - 6;

    private static final int KILL = 9;
    private static final int WINDOW_CHANGED = 28;
    private static final long PATIENCE_SECONDS = 10;

    private final AttachedJob job;

    JobInput(AttachedJob job) {
        this.job = job;
    }

    /** Copies the input, and its end, in the background. */
    void forward(InputStream in) {
        inBackground("flynn-stdin", () -> {
            byte[] buffer = new byte[BUFFER_BYTES];
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                if (count > 0) {
                    job.stdin(buffer, count);
                }
            }
            job.closeStdin();
        });
    }

    /** The job gets the signals instead of this program, and ten seconds to end; then it is killed. */
    void forwardSignals(String... names) {
        for (String name : names) {
            Signal.handle(
                    new Signal(name),
                    signal -> inBackground("flynn-signal", () -> {
                        job.signal(signal.getNumber());
                        TimeUnit.SECONDS.sleep(PATIENCE_SECONDS);
                        job.signal(KILL);
                    }));
        }
    }

    void forwardResizing(Terminal terminal) {
        Signal.handle(
                new Signal("WINCH"),
                signal -> inBackground("flynn-resize", () -> {
                    job.resize(terminal.size());
                    job.signal(WINDOW_CHANGED);
                }));
    }

    private interface Task {
        void run() throws IOException, InterruptedException;
    }

    private static void inBackground(String name, Task task) {
        var thread = new Thread(
                () -> {
                    try {
                        task.run();
                    } catch (IOException e) {
                        // the job has ended, or its connection broke: whoever reads its output tells that
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
    }
}
