package dev.flynn.distro;

import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import org.slf4j.LoggerFactory;

/** The life of {@code flynn-host daemon}: find the cluster, take part in it until a signal, leave in order. */
final class Daemon {

    /** For a leader of the store to be found, so that the others are told that this host goes. */
    private static final Duration PATIENCE_AT_END = Duration.ofSeconds(3);

    private final DaemonOptions options;
    private final PrintStream out;

    Daemon(DaemonOptions options, PrintStream out) {
        this.options = options;
        this.out = out;
    }

    /** Returns the exit status. */
    int run() {
        ListenPorts ports = ListenPorts.choose(
                        "--router-",
                        options.router().ipOr(options.listenIp()),
                        options.routerHttp(),
                        options.routerHttps(),
                        this::say)
                .seenAt(options.router().publicHttpsPort());
        try (var life = new Foreground();
                DataDirectory data = DataDirectory.open(options.dataDirectory())) {
            Path log = data.directory("log").resolve("flynn-host.log");
            Foreground.startLogging(log);
            say("starting in %s (log: %s)".formatted(data.root(), log));
            life.stopOnSignals();
            try (Membership membership = Membership.open(data, options, life, this::say);
                    var host = new ClusterHost(data, options, ports, membership)) {
                say(host.backendDescription());
                say("host %s takes part in cluster %s, with %d hosts; other hosts reach it at %s"
                        .formatted(
                                membership.hostId(),
                                membership.clusterId(),
                                membership.store().members().size(),
                                membership.link().advertisedAddress()));
                options.readyFile().ifPresent(file -> ReadyFile.write(file, membership.hostId() + "\n"));
                host.publish();
                life.awaitStop();
                say("stopping");
                membership.store().prepareClose(PATIENCE_AT_END);
            } catch (InterruptedException e) {
                say("stopped before it took part in a cluster");
                return 0;
            } catch (RuntimeException e) {
                LoggerFactory.getLogger(Daemon.class).atError().setCause(e).log("the host cannot run");
                throw e;
            }
            say("stopped");
            return 0;
        }
    }

    private void say(String line) {
        out.println("flynn-host: " + line);
    }
}
