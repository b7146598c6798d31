package dev.flynn.router;

import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouteTable.Backend;
import java.util.List;

/**
 * A router for measurements: every host leads to the backends that are named.
 *
 * <p>Usage: {@code RouterBenchMain LISTEN_IP HTTP_PORT BACKEND…}, such as {@code 127.0.0.1 8080 127.0.0.1:9001}. Prints the
 * line {@code listening on ADDRESS} when it serves, and runs until it is killed or its standard input ends.
 */
final class RouterBenchMain {

    private RouterBenchMain() {}

    public static void main(String[] args) throws Exception {
        if (args.length < 3) {
            System.err.println("usage: RouterBenchMain LISTEN_IP HTTP_PORT BACKEND...");
            System.exit(2);
        }
        List<Backend> backends = List.of(args).subList(2, args.length).stream()
                .map(addr -> new Backend(addr, false))
                .toList();
        RouteTable table = RouteTable.builder()
                .route(HttpRoute.to("*", "bench"))
                .backends("bench", backends)
                .build();
        try (NettyRouter router = NettyRouter.builder()
                .listenIp(args[0])
                .httpPort(Integer.parseInt(args[1]))
                .table(table)
                .build()) {
            System.out.println("listening on " + router.httpAddress());
            while (System.in.read() >= 0) {
                // runs on
            }
        }
    }
}
