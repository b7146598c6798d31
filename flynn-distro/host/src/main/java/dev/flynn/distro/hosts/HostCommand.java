package dev.flynn.distro.hosts;

import dev.flynn.distro.cluster.LocalDaemon;
import dev.flynn.json.FlynnJson;
import dev.flynn.link.admin.HostAdmin;
import dev.flynn.link.admin.RemoteHostAdmin;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A command that asks this host's daemon about the cluster's hosts. */
abstract class HostCommand implements Callable<Integer> {

    private static final FlynnJson JSON = new FlynnJson();

    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private LocalDaemon.Options daemon = new LocalDaemon.Options();

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    /** What the command does. */
    abstract void run(HostAdmin admin);

    @Override
    public final Integer call() {
        LocalDaemon opened = daemon.open();
        run(new RemoteHostAdmin(opened.credentials(), opened.address(), JSON));
        out().flush();
        return 0;
    }

    final boolean wantsJson() {
        return json;
    }

    final PrintWriter out() {
        return Objects.requireNonNull(spec).commandLine().getOut();
    }

    final void printJson(Object value) {
        out().println(JSON.write(value));
    }

    /** Says what was done, and on standard error what is to be considered. */
    final void told(String host, String done, List<String> advice) {
        if (json) {
            printJson(Map.of("host", host, "warnings", advice));
            return;
        }
        out().println(done);
        PrintWriter err = Objects.requireNonNull(spec).commandLine().getErr();
        advice.forEach(line -> err.println("flynn-host: warning: " + line));
        err.flush();
    }
}
