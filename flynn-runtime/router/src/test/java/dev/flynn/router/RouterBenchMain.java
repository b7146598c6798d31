package dev.flynn.router;

import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * A router for measurements: every host leads to the backends that are named.
 *
 * <p>Usage: {@code RouterBenchMain [--tls PORT CERTIFICATE KEY] [--routes N] LISTEN_IP HTTP_PORT BACKEND…}, such as {@code
 * 127.0.0.1 8080 127.0.0.1:9001}; certificate and key are PEM files, and with {@code --routes} there are so many others
 * beside. Prints the line {@code listening on ADDRESS} when it serves, and runs until it is killed or its standard input ends.
 */
final class RouterBenchMain {

    private RouterBenchMain() {}

    public static void main(String[] arguments) throws Exception {
        Deque<String> args = new ArrayDeque<>(List.of(arguments));
        NettyRouter.Builder router = NettyRouter.builder();
        RouteTable.Builder table = RouteTable.builder().route(HttpRoute.to("*", "bench"));
        while (args.size() > 1 && args.peek().startsWith("--")) {
            if (args.pop().equals("--tls")) {
                router.httpsPort(Integer.parseInt(args.pop()))
                        .defaultCertificate(new RouteTable.Certificate(
                                Files.readString(Path.of(args.pop())), Files.readString(Path.of(args.pop()))));
            } else {
                for (int i = Integer.parseInt(args.pop()); i > 0; i--) {
                    table.route(HttpRoute.to("app" + i + ".example.org", "app" + i));
                }
            }
        }
        if (args.size() < 3) {
            System.err.println(
                    "usage: RouterBenchMain [--tls PORT CERTIFICATE KEY] [--routes N] LISTEN_IP HTTP_PORT BACKEND...");
            System.exit(2);
        }
        router.listenIp(args.pop()).httpPort(Integer.parseInt(args.pop()));
        table.backends("bench", args.toArray(String[]::new));
        try (NettyRouter running = router.table(table.build()).build()) {
            System.out.println("listening on " + running.httpAddress());
            while (System.in.read() >= 0) {
                // runs on
            }
        }
    }
}
