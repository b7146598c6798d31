package dev.flynn.logs;

import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.spi.builtin.BuiltinJob;
import dev.flynn.spi.builtin.BuiltinProgram;
import dev.flynn.spi.component.Subscription;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.glassfish.grizzly.http.server.HttpServer;
import org.glassfish.grizzly.http.server.NetworkListener;

/**
 * The system app {@code logaggregator}: keeps the newest lines of every app and serves them on {@code LISTEN_IP:PORT}. This
 * host's {@link LogMux} feeds it; the lines of other hosts come through {@link LocalAggregators}.
 */
public final class LogAggregatorProgram implements BuiltinProgram {

    private final LogMux mux;

    public LogAggregatorProgram(LogMux mux) {
        this.mux = mux;
    }

    @Override
    public String name() {
        return "logaggregator";
    }

    @Override
    public AutoCloseable start(BuiltinJob job) throws Exception {
        var aggregator = new LogAggregator(LogAggregator.DEFAULT_MAX_BYTES);
        Subscription feed = mux.subscribeByApp(aggregator::add);
        Subscription others = mux.aggregators().add(aggregator);
        ExecutorService followers =
                java.util.concurrent.Executors.newCachedThreadPool(new NamedThreads("log-follower"));
        var server = new HttpServer();
        server.addListener(new NetworkListener(
                "logaggregator",
                job.env().get("LISTEN_IP"),
                Integer.parseInt(job.env().get("PORT"))));
        server.getServerConfiguration().addHttpHandler(new LogHandler(aggregator, followers), "/");
        server.start();
        return () -> {
            others.close();
            feed.close();
            Executors.stop(followers, "log-follower", Duration.ofSeconds(2));
            server.shutdown(2, TimeUnit.SECONDS).get(3, TimeUnit.SECONDS);
        };
    }
}
