package dev.flynn.sdutil;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** The program {@code sdutil}. */
public final class Main {

    private Main() {}

    public static void main(String[] arguments) {
        var sdutil = new Sdutil(System.getenv(), System.out, System.err);
        var byItself = new AtomicBoolean();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            if (!byItself.get()) {
                sdutil.interrupt();
                // a signal is the usual end, not a failure
                Runtime.getRuntime().halt(0);
            }
        }));
        int status = sdutil.run(List.of(arguments));
        byItself.set(true);
        System.exit(status);
    }
}
