package dev.flynn.sdutil;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Runs a command as long as what it depends on is there, and again whenever that has changed. */
final class Supervisor {

    /** What the command depends on. */
    interface Dependencies {

        /** Variables that the command runs with, which change when it has to be started again; empty while something is missing. */
        Optional<Map<String, String>> look();
    }

    private final Services services;
    private final List<String> command;
    private @Nullable Child child;
    private boolean stopped;

    Supervisor(Services services, List<String> command) {
        this.services = services;
        this.command = command;
    }

    /** Returns the command's exit status once it has ended by itself. */
    int run(Dependencies dependencies, Runnable beforeStart) throws InterruptedException {
        Optional<Map<String, String>> running = Optional.empty();
        while (true) {
            long version = services.version();
            Child current = child();
            if (current != null && !current.isAlive()) {
                return current.status();
            }
            Optional<Map<String, String>> wanted = dependencies.look();
            if (!wanted.equals(running)) {
                if (current != null) {
                    current.stop();
                }
                running = wanted;
                if (wanted.isPresent()) {
                    beforeStart.run();
                }
                if (!start(wanted)) {
                    return 0;
                }
            }
            services.awaitChange(version);
        }
    }

    private synchronized @Nullable Child child() {
        return child;
    }

    /** False if this was stopped. */
    private synchronized boolean start(Optional<Map<String, String>> environment) {
        if (stopped) {
            return false;
        }
        child = environment.map(env -> Child.start(command, env)).orElse(null);
        if (child != null) {
            child.onExit(services::wake);
        }
        return true;
    }

    /** Ends the command, from another thread. */
    synchronized void stop() {
        stopped = true;
        if (child != null) {
            child.stop();
        }
    }
}
