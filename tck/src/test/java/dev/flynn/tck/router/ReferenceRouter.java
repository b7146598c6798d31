package dev.flynn.tck.router;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.route.RoutePolicy;
import dev.flynn.spi.router.ApplyResult;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouteTable.Backend;
import dev.flynn.spi.router.Router;
import dev.flynn.spi.router.RouterCapability;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URLDecoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/** A simple router that keeps every promise it declares: a thread for each connection, and blocking copies. */
class ReferenceRouter implements Router {

    private static final Set<String> OF_THE_CONNECTION =
            Set.of("connection", "keep-alive", "te", "trailer", "upgrade", "proxy-connection", "expect");

    private final RouterSetup setup;
    private final ReferencePolicies policies;
    private final ServerSocket listener;
    private final Set<Socket> clients = ConcurrentHashMap.newKeySet();
    private final AtomicInteger inFlight = new AtomicInteger();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Thread acceptor;
    volatile RouteTable table = RouteTable.EMPTY;

    ReferenceRouter(RouterSetup setup) {
        this(setup, new ReferencePolicies());
    }

    ReferenceRouter(RouterSetup setup, ReferencePolicies policies) {
        this.setup = setup;
        this.policies = policies;
        try {
            listener = new ServerSocket(0, 200, InetAddress.getByName("127.0.0.1"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        acceptor = start(this::accept);
    }

    @Override
    public Set<RouterCapability> capabilities() {
        Set<RouterCapability> capabilities = EnumSet.copyOf(ReferencePolicies.CAPABILITIES);
        capabilities.add(RouterCapability.UPGRADE);
        capabilities.add(RouterCapability.HALF_CLOSE);
        capabilities.add(RouterCapability.STICKY);
        return capabilities;
    }

    @Override
    public ApplyResult apply(RouteTable next) {
        next.requireSupported(capabilities());
        table = next;
        return ApplyResult.OK;
    }

    @Override
    public InetSocketAddress httpAddress() {
        return (InetSocketAddress) listener.getLocalSocketAddress();
    }

    @Override
    public Optional<InetSocketAddress> httpsAddress() {
        return Optional.empty();
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            close(listener);
            awaitAcceptor();
            long deadline = System.nanoTime() + grace(setup).toNanos();
            while (inFlight.get() > 0 && System.nanoTime() - deadline < 0) {
                Thread.onSpinWait();
            }
            closeClients();
        }
    }

    /** The kernel holds the port until nobody waits for clients any more. */
    private void awaitAcceptor() {
        try {
            acceptor.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- what wrong routers do otherwise

    java.time.Duration grace(RouterSetup of) {
        return of.closeGrace();
    }

    byte[] key(RouterSetup of) {
        return of.cookieKey();
    }

    Optional<HttpRoute> route(RouteTable of, String host, String path) {
        for (String domain : domains(host)) {
            List<HttpRoute> routes = of.routes().stream()
                    .filter(route -> route.domain().equalsIgnoreCase(domain))
                    .toList();
            if (!routes.isEmpty()) {
                return routes.stream()
                        .filter(route -> covers(route.path(), path))
                        .max(Comparator.comparingInt(route -> route.path().length()));
            }
        }
        return Optional.empty();
    }

    List<String> domains(String host) {
        List<String> domains = new ArrayList<>(List.of(host));
        String suffix = host;
        for (int left = 0; left < 5; left++) {
            domains.add("*." + suffix);
            if (suffix.indexOf('.') < 0) {
                break;
            }
            suffix = suffix.substring(suffix.indexOf('.') + 1);
        }
        domains.add("*");
        return domains;
    }

    boolean covers(String routed, String path) {
        List<String> deep = segments(path);
        List<String> shallow = segments(routed);
        return deep.size() >= shallow.size() && deep.subList(0, shallow.size()).equals(shallow);
    }

    List<Backend> backends(RouteTable of, HttpRoute route) {
        String service = policies.service(
                route, name -> !of.backends().getOrDefault(name, List.of()).isEmpty());
        List<Backend> all = new ArrayList<>(of.backends().getOrDefault(service, List.of()));
        all.removeIf(backend -> route.leaderOnly() && !backend.leader());
        Collections.shuffle(all);
        return all;
    }

    String cookie(String addr) {
        return Hashes.sha256(new String(key(setup), UTF_8) + addr);
    }

    boolean isRepeated() {
        return false;
    }

    int maxDials() {
        return Integer.MAX_VALUE;
    }

    int statusOfNobody() {
        return 503;
    }

    String target(String sent) {
        return sent;
    }

    String forwardedFor(Optional<String> sent, String client) {
        return sent.map(others -> others + ", " + client).orElse(client);
    }

    boolean endsWithItsClient() {
        return true;
    }

    boolean wantsUpgrade(HttpMessage request) {
        return request.all("Connection").stream()
                .flatMap(value -> Arrays.stream(value.split(",")))
                .anyMatch(token -> token.strip().equalsIgnoreCase("upgrade"));
    }

    /** From backend to client, while it lasts. */
    void copyResponse(InputStream in, OutputStream out, long length) throws IOException {
        copy(in, out, length);
    }

    /** From client to backend. */
    void copyRequest(InputStream in, OutputStream out, long length) throws IOException {
        copy(in, out, length);
    }

    // ---- one client

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                client.setTcpNoDelay(true);
                clients.add(client);
                start(() -> serve(client));
            } catch (IOException ended) {
                return;
            }
        }
    }

    private void serve(Socket client) {
        try (client) {
            InputStream in = new BufferedInputStream(client.getInputStream());
            boolean more = true;
            while (more) {
                HttpMessage request = HttpMessage.readHead(in);
                inFlight.incrementAndGet();
                try {
                    more = carry(request, client, in);
                } finally {
                    inFlight.decrementAndGet();
                }
                more = more && hasMore(in);
            }
        } catch (IOException | UncheckedIOException ended) {
            // the client or the backend has gone
        } finally {
            clients.remove(client);
        }
    }

    private static boolean hasMore(InputStream in) throws IOException {
        in.mark(1);
        boolean more = in.read() >= 0;
        in.reset();
        return more;
    }

    /** @return whether another request may follow */
    private boolean carry(HttpMessage request, Socket client, InputStream in) throws IOException {
        RouteTable now = table;
        OutputStream out = client.getOutputStream();
        String host = request.field("Host").orElse("").toLowerCase(Locale.ROOT).replaceFirst(":.*", "");
        Optional<HttpRoute> route = route(now, host, request.target().replaceFirst("\\?.*", ""));
        boolean bodyless = length(request) == 0;
        if (route.isEmpty()) {
            respond(out, 404, "Not Found", bodyless);
            return bodyless;
        }
        Optional<ReferencePolicies.Refusal> refusal =
                policies.refuses(route.get(), request, client.getInetAddress().getHostAddress());
        if (refusal.isPresent()) {
            out.write(refusal.get().bytes(bodyless));
            out.flush();
            return bodyless;
        }
        var left = new AtomicBoolean();
        Runnable leave = () -> {
            if (left.compareAndSet(false, true)) {
                policies.leave(route.get());
            }
        };
        try {
            if (policies.enter(route.get())) {
                return carry(request, client, in, now, route.get(), leave);
            }
            respond(out, 503, "Service Unavailable", bodyless);
            return bodyless;
        } finally {
            leave.run();
        }
    }

    private boolean carry(
            HttpMessage request, Socket client, InputStream in, RouteTable now, HttpRoute route, Runnable answered)
            throws IOException {
        OutputStream out = client.getOutputStream();
        boolean bodyless = length(request) == 0;
        Optional<String> sent = request.all("Cookie").stream()
                .flatMap(value -> Arrays.stream(value.split(";\\s*")))
                .filter(pair -> pair.startsWith("_backend="))
                .findFirst();
        List<Backend> candidates = new ArrayList<>(backends(now, route));
        if (route.sticky()) {
            wished(now, route, sent).filter(wish -> !candidates.contains(wish)).ifPresent(wish -> {
                candidates.clear();
                candidates.add(wish);
            });
            candidates.sort(
                    Comparator.comparing(backend -> !sent.equals(Optional.of("_backend=" + cookie(backend.addr())))));
        }
        int dials = 0;
        for (Backend candidate : candidates) {
            if (dials++ == maxDials()) {
                break;
            }
            int colon = candidate.addr().lastIndexOf(':');
            Socket backend = new Socket();
            try {
                backend.connect(
                        new InetSocketAddress(
                                candidate.addr().substring(0, colon),
                                Integer.parseInt(candidate.addr().substring(colon + 1))),
                        policies.dialMillis(route.policy()));
            } catch (IOException refused) {
                close(backend);
                continue;
            }
            backend.setTcpNoDelay(true);
            boolean setsCookie = route.sticky() && !sent.equals(Optional.of("_backend=" + cookie(candidate.addr())));
            String extra = setsCookie ? "Set-Cookie: _backend=%s; Path=/\r\n".formatted(cookie(candidate.addr())) : "";
            try (backend) {
                return exchange(request, client, in, backend, extra, route.policy(), answered);
            } catch (BackendFailed failed) {
                if (!isRepeated()) {
                    break;
                }
            }
        }
        respond(out, statusOfNobody(), "Service Unavailable", bodyless);
        return bodyless;
    }

    /** The backend that the cookie names, of any of the route's services. */
    private Optional<Backend> wished(RouteTable now, HttpRoute route, Optional<String> sent) {
        return route.targets().stream()
                .flatMap(target -> now.backends().getOrDefault(target.service(), List.of()).stream())
                .filter(backend -> backend.leader() || !route.leaderOnly())
                .filter(backend -> sent.equals(Optional.of("_backend=" + cookie(backend.addr()))))
                .findFirst();
    }

    private static final class BackendFailed extends IOException {
        private static final long serialVersionUID = 1L;
    }

    private boolean exchange(
            HttpMessage request,
            Socket client,
            InputStream in,
            Socket backend,
            String extra,
            RoutePolicy policy,
            Runnable answered)
            throws IOException {
        boolean upgrade = wantsUpgrade(request);
        OutputStream toBackend = backend.getOutputStream();
        InputStream fromBackend = new BufferedInputStream(backend.getInputStream());
        OutputStream out = client.getOutputStream();
        Thread uploader;
        HttpMessage response;
        try {
            write(toBackend, requestHead(request, client, upgrade, policy));
            uploader = start(() -> upload(request, in, backend, upgrade));
            backend.setSoTimeout(policies.responseMillis(policy));
            HttpMessage received = HttpMessage.readHead(fromBackend);
            backend.setSoTimeout(0);
            response = new HttpMessage(
                    received.startLine(), policies.edited(policy.responseHeaders(), received.fields()), new byte[0]);
        } catch (IOException e) {
            throw new BackendFailed();
        }
        if (response.status() == 101) {
            write(out, head(response, true, extra));
            copyResponse(fromBackend, out, -1);
            client.shutdownOutput();
            join(uploader);
            return false;
        }
        long length = length(response);
        boolean empty = request.method().equals("HEAD") || response.status() == 204 || response.status() == 304;
        boolean last = upgrade
                || request.all("Connection").stream().anyMatch("close"::equalsIgnoreCase)
                || !empty && length == -1 && response.field("Transfer-Encoding").isEmpty();
        write(out, head(response, false, extra + (last ? "Connection: close\r\n" : "")));
        if (!empty) {
            copyResponse(fromBackend, out, length);
        }
        answered.run();
        if (!last) {
            join(uploader);
        }
        return !last;
    }

    /** Sends the body, then waits for what the client does next: the next request, or its end. */
    private void upload(HttpMessage request, InputStream in, Socket backend, boolean upgrade) {
        try {
            OutputStream out = backend.getOutputStream();
            if (upgrade) {
                copyRequest(in, out, -1);
                backend.shutdownOutput();
                return;
            }
            copyRequest(in, out, length(request));
            if (!hasMore(in) && endsWithItsClient()) {
                close(backend);
            }
        } catch (IOException | UncheckedIOException ended) {
            if (endsWithItsClient()) {
                close(backend);
            }
        }
    }

    private String requestHead(HttpMessage request, Socket client, boolean upgrade, RoutePolicy policy) {
        List<String> lines = new ArrayList<>(request.fields());
        lines.removeIf(
                line -> line.toLowerCase(Locale.ROOT).matches("x-(forwarded-(for|proto|port)|request-(id|start)):.*"));
        lines.add("X-Forwarded-For: "
                + forwardedFor(
                        joined(request, "X-Forwarded-For"),
                        client.getInetAddress().getHostAddress()));
        String[][] fields = {
            {"X-Forwarded-Proto", "http"}, {"X-Forwarded-Port", Integer.toString(listener.getLocalPort())}
        };
        for (String[] field : fields) {
            String value = joined(request, field[0])
                    .map(others -> others + ", " + field[1])
                    .orElse(field[1]);
            lines.add(field[0] + ": " + value);
        }
        String id = request.field("X-Request-Id")
                .filter(value -> value.matches("[a-zA-Z0-9+/=-]{20,200}"))
                .orElseGet(() -> UUID.randomUUID().toString());
        lines.add("X-Request-Id: " + id);
        lines.add("X-Request-Start: " + System.currentTimeMillis());
        String startLine = "%s %s HTTP/1.1".formatted(request.method(), target(request.target()));
        List<String> edited = policies.edited(policy.requestHeaders(), lines);
        return head(new HttpMessage(startLine, edited, new byte[0]), upgrade, "");
    }

    private static Optional<String> joined(HttpMessage message, String name) {
        return Optional.of(message.all(name)).filter(all -> !all.isEmpty()).map(all -> String.join(", ", all));
    }

    private static String head(HttpMessage message, boolean upgrade, String extra) {
        return message.fields().stream()
                .filter(line -> {
                    String name = line.substring(0, line.indexOf(':')).toLowerCase(Locale.ROOT);
                    boolean ofUpgrade = upgrade && (name.equals("connection") || name.equals("upgrade"));
                    return ofUpgrade || !OF_THE_CONNECTION.contains(name);
                })
                .map(line -> line + "\r\n")
                .collect(Collectors.joining("", message.startLine() + "\r\n", extra + "\r\n"));
    }

    // ---- bodies

    /** -1 until the end, -2 in chunks. */
    private static long length(HttpMessage message) {
        if (message.field("Transfer-Encoding").isPresent()) {
            return -2;
        }
        boolean response = message.startLine().startsWith("HTTP/");
        return message.field("Content-Length").map(Long::parseLong).orElse(response ? -1L : 0L);
    }

    private static void copy(InputStream in, OutputStream out, long length) throws IOException {
        if (length == -2) {
            byte[] chunk;
            do {
                chunk = HttpMessage.readChunk(in);
                write(out, Integer.toHexString(chunk.length) + "\r\n" + new String(chunk, ISO_8859_1) + "\r\n");
            } while (chunk.length > 0);
            return;
        }
        byte[] buffer = new byte[1 << 14];
        long left = length < 0 ? Long.MAX_VALUE : length;
        while (left > 0) {
            int read = in.read(buffer, 0, (int) Math.min(buffer.length, left));
            if (read < 0) {
                return;
            }
            out.write(buffer, 0, read);
            out.flush();
            left -= read;
        }
    }

    private static void respond(OutputStream out, int status, String reason, boolean keep) throws IOException {
        write(
                out,
                "HTTP/1.1 %d %s\r\nContent-Length: %d\r\n%s\r\n%s\n"
                        .formatted(status, reason, reason.length() + 1, keep ? "" : "Connection: close\r\n", reason));
    }

    static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(ISO_8859_1));
        out.flush();
    }

    private static List<String> segments(String path) {
        return Arrays.stream(path.split("/"))
                .filter(segment -> !segment.isEmpty())
                .map(segment -> URLDecoder.decode(segment.replace("+", "%2B"), UTF_8))
                .toList();
    }

    // ---- ends

    void closeClients() {
        clients.forEach(ReferenceRouter::close);
    }

    private static void close(Closeable closeable) {
        try {
            closeable.close();
        } catch (IOException ignored) {
            // closing is all that was wanted
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Thread start(Runnable task) {
        Thread thread = new Thread(task, "reference-router");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }
}
