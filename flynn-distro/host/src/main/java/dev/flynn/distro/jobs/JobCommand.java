package dev.flynn.distro.jobs;

import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A command about jobs, which asks their hosts. */
abstract class JobCommand implements Callable<Integer> {

    static final FlynnJson JSON = new FlynnJson();

    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private HostsOptions hosts = new HostsOptions();

    /** Returns the exit status. */
    abstract int run(HostsOptions hosts) throws IOException;

    @Override
    public final Integer call() {
        int status;
        try {
            status = run(hosts);
        } catch (IOException e) {
            throw FlynnException.unavailable("the connection to the host broke: " + e.getMessage(), e);
        }
        out().flush();
        return status;
    }

    final PrintWriter out() {
        return Objects.requireNonNull(spec).commandLine().getOut();
    }

    /** On standard error. */
    final void warn(String text) {
        PrintWriter err = Objects.requireNonNull(spec).commandLine().getErr();
        err.println("flynn-host: warning: " + text);
        err.flush();
    }
}
