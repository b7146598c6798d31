package dev.flynn.distro;

import dev.flynn.bootstrap.BootstrapOutput;
import dev.flynn.bootstrap.BootstrapResult;
import dev.flynn.distro.backends.AppBackend;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import org.slf4j.LoggerFactory;

/** The life of {@code flynn-host up}: start, say what is where, stay until a signal, stop in order. */
final class HostProcess {

    private final UpOptions options;
    private final PrintStream out;
    private final Foreground life = new Foreground();

    HostProcess(UpOptions options, PrintStream out) {
        this.options = options;
        this.out = out;
    }

    /** Returns the exit status. */
    int run() {
        AppBackend.requireKnown(options.backend());
        long began = System.nanoTime();
        String routerIp = options.router().ipOr(options.listenIp());
        ClusterDomain.warning(options.domain(), routerIp).ifPresent(line -> out.println("flynn-host: " + line));
        ListenPorts ports = ListenPorts.choose(
                        routerIp, options.httpPort(), options.httpsPort(), line -> out.println("flynn-host: " + line))
                .seenAt(options.router().publicHttpsPort());
        try (life;
                DataDirectory data = DataDirectory.open(options.dataDirectory())) {
            Path log = data.directory("log").resolve("flynn-host.log");
            Foreground.startLogging(log);
            out.printf("flynn-host: starting the cluster %s in %s (log: %s)%n", options.domain(), data.root(), log);
            life.stopOnSignals();
            try (SingleHost host = new SingleHost(data, options, ports)) {
                out.println("flynn-host: " + host.backendDescription());
                BootstrapResult result =
                        host.bringUp(BootstrapOutput.text(out, Clock.systemUTC(), ZoneId.systemDefault()));
                ready(result, ports, (System.nanoTime() - began) / 1_000_000);
                if (!options.untilReady()) {
                    life.awaitStop();
                }
                out.println("flynn-host: stopping");
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return 130;
            } catch (RuntimeException e) {
                LoggerFactory.getLogger(HostProcess.class).atError().setCause(e).log("the cluster did not come up");
                throw e;
            }
            out.println("flynn-host: stopped");
            return 0;
        }
    }

    private void ready(BootstrapResult result, ListenPorts ports, long millis) {
        String add = "flynn cluster add -p %s default %s %s"
                .formatted(
                        result.pin().orElseThrow(),
                        ports.urlDomain(options.domain()),
                        result.controllerKey().orElseThrow());
        out.printf("flynn-host: ready after %d.%03d s%n", millis / 1000, millis % 1000);
        out.printf(
                "flynn-host: apps answer at %s and below; the controller is https://controller.%s%n",
                ports.httpUrl("<app>." + options.domain()), ports.urlDomain(options.domain()));
        out.println("Add the cluster to the command line:");
        out.println(add);
        options.readyFile().ifPresent(file -> ReadyFile.write(file, add + "\n"));
    }
}
