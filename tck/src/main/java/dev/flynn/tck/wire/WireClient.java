package dev.flynn.tck.wire;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.function.Consumer;

/** Speaks HTTP/1.1 to the cluster, a connection for each request, and tells of each exchange. */
final class WireClient {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Target target;
    private final Consumer<Exchange> record;

    WireClient(Target target, Consumer<Exchange> record) {
        this.target = target;
        this.record = record;
    }

    static String basic(String key) {
        return "Basic " + Base64.getEncoder().encodeToString((":" + key).getBytes(StandardCharsets.UTF_8));
    }

    /** Adds the key, unless the request has one or none on purpose. */
    Request authorized(Request request) {
        return request.with("Authorization", basic(target.key()));
    }

    Answer send(Request request) {
        Request last = request.with("Connection", "close");
        try (Connection connection = Connection.open(target, PATIENCE)) {
            Head head = connection.ask(last, target.hostHeader());
            byte[] body = head.body(connection.in(), request.method()).readAllBytes();
            var response = new Response(head.status(), head.headers(), body);
            record.accept(new Exchange(request, Optional.of(response), ""));
            return new Answer(request, response);
        } catch (IOException e) {
            throw failed(request, e);
        }
    }

    /** Sends the request and leaves the answer's body open. */
    LiveStream open(Request request) {
        try {
            Connection connection = Connection.open(target, PATIENCE);
            try {
                Head head = connection.ask(request, target.hostHeader());
                return new LiveStream(request, connection, head, record);
            } catch (IOException | RuntimeException e) {
                connection.close();
                throw e;
            }
        } catch (IOException e) {
            throw failed(request, e);
        }
    }

    /** Asks to be attached. */
    Attachment attach(Request request) {
        Request upgrade = request.with("Connection", "upgrade").with("Upgrade", "flynn-attach/0");
        try {
            Connection connection = Connection.open(target, PATIENCE);
            try {
                Head head = connection.ask(upgrade, target.hostHeader());
                byte[] body = head.status() == 101
                        ? new byte[0]
                        : head.body(connection.in(), "POST").readAllBytes();
                var response = new Response(head.status(), head.headers(), body);
                record.accept(new Exchange(upgrade, Optional.of(response), ""));
                return new Attachment(new Answer(upgrade, response), connection);
            } catch (IOException | RuntimeException e) {
                connection.close();
                throw e;
            }
        } catch (IOException e) {
            throw failed(upgrade, e);
        }
    }

    private ContractBroken failed(Request request, IOException e) {
        String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        record.accept(new Exchange(request, Optional.empty(), why));
        return new ContractBroken("%s: no answer: %s".formatted(request, why));
    }
}
