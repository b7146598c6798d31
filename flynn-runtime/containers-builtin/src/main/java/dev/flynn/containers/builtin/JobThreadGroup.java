package dev.flynn.containers.builtin;

import java.io.PrintStream;

/** The threads of one builtin job; whoever wants to know which job a thread works for asks its group. */
public final class JobThreadGroup extends ThreadGroup {

    private final PrintStream out;

    JobThreadGroup(String name, PrintStream out) {
        super(name);
        this.out = out;
    }

    /** The job's standard output. */
    public PrintStream out() {
        return out;
    }
}
