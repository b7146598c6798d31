package dev.flynn.containers.oci;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/** Programs of the host that are run to their end. */
final class Shell {

    static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private Shell() {}

    /** With this platform's environment kept from it. */
    static ProcessBuilder builder(List<String> command) {
        var builder = new ProcessBuilder(command).redirectInput(Redirect.from(new java.io.File("/dev/null")));
        builder.environment().clear();
        builder.environment().put("PATH", PATH);
        return builder;
    }

    /** The JDK can send TERM and KILL only; the shell's own kill sends the rest. Those that are gone are fine. */
    static void signal(String signal, Collection<Long> pids) {
        if (pids.isEmpty()) {
            return;
        }
        String all = pids.stream().map(String::valueOf).collect(Collectors.joining(" "));
        try {
            builder(List.of("/bin/sh", "-c", "kill -" + signal + " " + all + " 2>/dev/null"))
                    .start()
                    .waitFor();
        } catch (IOException e) {
            throw FlynnException.unavailable("cannot send signal " + signal, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
