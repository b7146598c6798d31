package dev.flynn.containers.builtin;

import java.io.PrintStream;

/** The threads of one builtin job; whoever wants to know which job a thread works for asks its group. */
public final class JobThreadGroup extends ThreadGroup {

    private final PrintStream out;
    private final PrintStream err;

    JobThreadGroup(String name, PrintStream out, PrintStream err) {
        super(name);
        this.out = out;
        this.err = err;
    }

    /** What nobody caught is told in the job's own output. */
    @Override
    public void uncaughtException(Thread thread, Throwable failure) {
        err.println("thread " + thread.getName() + " ended by an exception");
        failure.printStackTrace(err);
    }

    /** The job's standard output. */
    public PrintStream out() {
        return out;
    }
}
