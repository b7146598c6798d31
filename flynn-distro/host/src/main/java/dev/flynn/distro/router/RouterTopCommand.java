package dev.flynn.distro.router;

import dev.flynn.api.error.FlynnException;
import dev.flynn.distro.cluster.LocalDaemon;
import dev.flynn.distro.hosts.Columns;
import dev.flynn.json.FlynnJson;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What the routers carry now, the busiest first. */
@Command(
        name = "top",
        description = "Shows what the routers of all hosts carry, the busiest route first, until it is interrupted.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Rates are per second. FAILED are answers from 500 on, REFUSED requests that a route's policy did not",
            "let in (with --backends: connections that were not accepted).",
            "",
            "Example: flynn-host router top --once --json"
        })
final class RouterTopCommand implements Callable<Integer> {

    private static final FlynnJson JSON = new FlynnJson();
    private static final Duration CALL_TIMEOUT = Duration.ofSeconds(15);
    private static final String HOME_AND_CLEAR = "\u001b[H\u001b[2J";

    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private LocalDaemon.Options daemon = new LocalDaemon.Options();

    @Option(names = "--once", description = "Measure once, print the table and end.")
    private boolean once;

    @Option(names = "--backends", description = "Show backends instead of routes.")
    private boolean backends;

    @Option(
            names = "--interval",
            paramLabel = "SECONDS",
            defaultValue = "2",
            description = "How long to measure (default: ${DEFAULT-VALUE}).")
    private double interval = 2;

    @Option(
            names = "--limit",
            paramLabel = "N",
            defaultValue = "20",
            description = "How many lines to show (default: ${DEFAULT-VALUE}).")
    private int limit = 20;

    @Option(names = "--json", description = "Print JSON, one document for each measurement.")
    private boolean json;

    @Override
    public Integer call() throws InterruptedException {
        if (interval < 0.1 || interval > 3600) {
            throw FlynnException.invalidField("--interval", "must be 0.1 to 3600 seconds, was " + interval);
        }
        if (limit < 1) {
            throw FlynnException.invalidField("--limit", "must be at least 1, was " + limit);
        }
        LocalDaemon opened = daemon.open();
        RouterSample before = sample(opened);
        do {
            Thread.sleep((long) (interval * 1000));
            RouterSample after = sample(opened);
            show(before, after);
            before = after;
        } while (!once);
        return 0;
    }

    private static RouterSample sample(LocalDaemon daemon) {
        return JSON.read(
                daemon.call(RouterService.SERVICE, RouterService.TRAFFIC, "", CALL_TIMEOUT), RouterSample.class);
    }

    private void show(RouterSample before, RouterSample after) {
        List<TrafficRates.Rate> rates =
                TrafficRates.between(before, after, backends ? TrafficRates.By.BACKEND : TrafficRates.By.ROUTE).stream()
                        .limit(limit)
                        .toList();
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        List<RouterSample.OfRouter> silent = after.routers().stream()
                .filter(router -> !router.error().isEmpty())
                .toList();
        if (json) {
            out.println(JSON.write(Map.of(
                    "routers",
                    after.routers().size(),
                    "errors",
                    silent.stream()
                            .map(router -> Map.of("addr", router.addr(), "error", router.error()))
                            .toList(),
                    backends ? "backends" : "routes",
                    rates)));
            out.flush();
            return;
        }
        if (!once && System.console() != null) {
            out.print(HOME_AND_CLEAR);
        }
        var table = new Columns(
                "REQ/S",
                "ACTIVE",
                "P50",
                "P99",
                "FAILED",
                "REFUSED",
                "RETRIES",
                "IN",
                "OUT",
                backends ? "BACKEND" : "ROUTE");
        rates.forEach(rate -> table.add(cells(rate)));
        table.print(out);
        silent.forEach(router -> out.println("router at " + router.addr() + " " + router.error()));
        if (after.routers().isEmpty()) {
            out.println("no router is registered; `flynn-host ps` shows what runs");
        }
        out.flush();
    }

    private static String[] cells(TrafficRates.Rate rate) {
        return new String[] {
            number(rate.requests()),
            String.valueOf(rate.active()),
            time(rate.p50Micros()),
            time(rate.p99Micros()),
            number(rate.failures()),
            number(rate.refused()),
            number(rate.retries()),
            bytes(rate.bytesIn()),
            bytes(rate.bytesOut()),
            rate.name()
        };
    }

    private static String number(double value) {
        return value == 0 ? "0" : String.format(Locale.ROOT, value < 100 ? "%.1f" : "%.0f", value);
    }

    private static String time(long micros) {
        if (micros == 0) {
            return "-";
        }
        return micros < 1_000_000
                ? String.format(Locale.ROOT, "%.1fms", micros / 1e3)
                : String.format(Locale.ROOT, "%.1fs", micros / 1e6);
    }

    private static String bytes(double perSecond) {
        if (perSecond < 1000) {
            return String.format(Locale.ROOT, "%.0f B", perSecond);
        }
        return perSecond < 1e6
                ? String.format(Locale.ROOT, "%.1f kB", perSecond / 1e3)
                : String.format(Locale.ROOT, "%.1f MB", perSecond / 1e6);
    }
}
