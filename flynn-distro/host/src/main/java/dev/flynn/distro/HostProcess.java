package dev.flynn.distro;

import dev.flynn.api.error.FlynnException;
import dev.flynn.bootstrap.BootstrapOutput;
import dev.flynn.bootstrap.BootstrapResult;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.ZoneId;
import java.util.concurrent.CountDownLatch;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/** The life of {@code flynn-host up}: start, say what is where, stay until a signal, stop in order. */
final class HostProcess {

    private static final String BACKEND = "process";

    private final UpOptions options;
    private final PrintStream out;
    private final CountDownLatch stopWanted = new CountDownLatch(1);
    private final CountDownLatch stopped = new CountDownLatch(1);

    HostProcess(UpOptions options, PrintStream out) {
        this.options = options;
        this.out = out;
    }

    /** Returns the exit status. */
    int run() {
        if (!options.backend().equals(BACKEND)) {
            throw FlynnException.invalid("no backend is named '%s'; there is %s".formatted(options.backend(), BACKEND));
        }
        long began = System.nanoTime();
        ListenPorts ports = ListenPorts.choose(
                options.listenIp(),
                options.httpPort(),
                options.httpsPort(),
                line -> out.println("flynn-host: " + line));
        try (DataDirectory data = DataDirectory.open(options.dataDirectory())) {
            Path log = data.directory("log").resolve("flynn-host.log");
            startLogging(log);
            out.printf("flynn-host: starting the cluster %s in %s (log: %s)%n", options.domain(), data.root(), log);
            Runtime.getRuntime().addShutdownHook(new Thread(this::stopAndWait, "shutdown"));
            try (SingleHost host = new SingleHost(data, options, ports)) {
                BootstrapResult result =
                        host.bringUp(BootstrapOutput.text(out, Clock.systemUTC(), ZoneId.systemDefault()));
                ready(result, ports, (System.nanoTime() - began) / 1_000_000);
                if (!options.untilReady()) {
                    stopWanted.await();
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
        } finally {
            stopped.countDown();
        }
    }

    private static void startLogging(Path file) {
        System.setProperty(LogSettings.FILE, file.toString());
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
        LoggerFactory.getLogger(HostProcess.class).info("flynn-host {} starts", VersionCommand.version());
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
        options.readyFile().ifPresent(file -> write(file, add + "\n"));
    }

    /** Whoever waits for the file finds it whole; it holds the cluster's key. */
    private static void write(Path file, String text) {
        try {
            Path target = file.toAbsolutePath();
            Path partial = Files.createTempFile(target.getParent(), "ready", ".new");
            Files.writeString(partial, text);
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw FlynnException.unavailable("cannot write the ready file " + file + ": " + e, e);
        }
    }

    /** Runs on SIGINT and SIGTERM, and at the end of the program. */
    private void stopAndWait() {
        stopWanted.countDown();
        try {
            stopped.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
