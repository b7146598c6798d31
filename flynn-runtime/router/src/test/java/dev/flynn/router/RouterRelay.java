package dev.flynn.router;

import dev.flynn.spi.router.RouteTable;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;

/**
 * Two routers that share their ports and serve one table; one after the other is replaced. Tells when all of them are done with
 * an address.
 */
final class RouterRelay implements AutoCloseable {

    private static final int ROUTERS = 2;

    private final UnaryOperator<NettyRouter.Builder> settings;
    private final List<NettyRouter> serving = new ArrayList<>();
    private final Set<NettyRouter> open = new HashSet<>();
    private final Map<String, Set<NettyRouter>> busyWith = new HashMap<>();
    private final Map<String, CompletableFuture<Void>> drained = new HashMap<>();
    private final List<CompletableFuture<Void>> closing = new ArrayList<>();

    /** @param settings of all routers: not where they listen, and not what they serve */
    RouterRelay(UnaryOperator<NettyRouter.Builder> settings, RouteTable table) {
        this.settings = settings;
        start(0, 0, table);
        while (serving.size() < ROUTERS) {
            start(httpAddress().getPort(), httpsAddress().getPort(), table);
        }
    }

    InetSocketAddress httpAddress() {
        return serving.get(0).httpAddress();
    }

    InetSocketAddress httpsAddress() {
        return serving.get(0).httpsAddress().orElseThrow();
    }

    synchronized void apply(RouteTable table) {
        open.forEach(router -> {
            try {
                router.apply(table);
            } catch (IllegalStateException closed) {
                // between its end and our knowing of it
            }
        });
    }

    /**
     * Call before a table without this address is applied.
     *
     * @return done when no router will touch it any more
     */
    synchronized CompletableFuture<Void> leaves(String addr) {
        busyWith.put(addr, new HashSet<>(open));
        return drained.computeIfAbsent(addr, unused -> new CompletableFuture<>());
    }

    /** Starts another router, and then lets the one that has served for longest end, beside everything else. */
    synchronized void replaceOldest(RouteTable table) {
        start(httpAddress().getPort(), httpsAddress().getPort(), table);
        NettyRouter oldest = serving.remove(0);
        closing.removeIf(CompletableFuture::isDone);
        closing.add(CompletableFuture.runAsync(
                () -> {
                    oldest.close();
                    ended(oldest);
                },
                task -> new Thread(task, "router-closes").start()));
    }

    private void start(int httpPort, int httpsPort, RouteTable table) {
        NettyRouter router = settings.apply(NettyRouter.builder()
                        .listenIp("127.0.0.1")
                        .httpPort(httpPort)
                        .httpsPort(httpsPort)
                        .sharePorts()
                        .table(table))
                .build();
        var unused = router.watch(addr -> done(router, addr));
        serving.add(router);
        open.add(router);
    }

    private synchronized void ended(NettyRouter router) {
        open.remove(router);
        Set.copyOf(busyWith.keySet()).forEach(addr -> done(router, addr));
    }

    private synchronized void done(NettyRouter router, String addr) {
        Set<NettyRouter> busy = busyWith.get(addr);
        if (busy != null && busy.remove(router) && busy.isEmpty()) {
            busyWith.remove(addr);
            CompletableFuture<Void> told = drained.remove(addr);
            if (told != null) {
                told.complete(null);
            }
        }
    }

    @Override
    public void close() {
        List<CompletableFuture<Void>> ends;
        List<NettyRouter> last;
        synchronized (this) {
            ends = List.copyOf(closing);
            last = List.copyOf(serving);
        }
        ends.forEach(CompletableFuture::join);
        last.forEach(router -> {
            router.close();
            ended(router);
        });
    }
}
