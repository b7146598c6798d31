package dev.flynn.network;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Connections between network namespaces, by two small programs that run there. */
final class Tcp {

    /** Listens on a port of its own, which it prints, and tells its one client what address that has. */
    private static final String SERVER = """
            use IO::Socket::INET;
            $| = 1;
            alarm 30;
            my $server = IO::Socket::INET->new(LocalAddr => $ARGV[0], Listen => 1) or die "$!";
            print $server->sockport, "\n";
            my $client = $server->accept;
            print $client $client->peerhost;
            """;

    private static final String CLIENT = """
            use IO::Socket::INET;
            alarm 20;
            my $client = IO::Socket::INET->new(PeerAddr => "$ARGV[0]:$ARGV[1]", Timeout => $ARGV[2]) or die "no way: $!";
            print <$client>;
            """;

    private Tcp() {}

    static String addressSeen(String serverAddress, NetworkNamespace server, NetworkNamespace client) {
        return addressSeen(serverAddress, server, client, 10);
    }

    /** @throws UncheckedIOException {@code no way} if there is none */
    static String addressSeen(
            String serverAddress, NetworkNamespace server, NetworkNamespace client, int patienceSeconds) {
        List<String> command = new ArrayList<>(server.prefix());
        command.addAll(List.of("perl", "-e", SERVER, serverAddress));
        try {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try (BufferedReader output =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                String port = output.readLine();
                return new Commands(client)
                        .run(List.of("perl", "-e", CLIENT, serverAddress, port, "" + patienceSeconds), "");
            } finally {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
