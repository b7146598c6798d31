package dev.flynn.distro.cluster;

import dev.flynn.api.error.FlynnException;
import dev.flynn.identity.HostCredentials;
import dev.flynn.identity.HostIdentity;
import dev.flynn.identity.IdentityFiles;
import dev.flynn.identity.RemovedHosts;
import dev.flynn.identity.TokenAdmin;
import dev.flynn.identity.TokenInfo;
import dev.flynn.json.FlynnJson;
import dev.flynn.link.tokens.RemoteTokenAdmin;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The join tokens of the cluster. */
@Command(
        name = "token",
        description =
                "Makes, lists and revokes the tokens with which hosts join the cluster. Run it on one of its hosts.",
        mixinStandardHelpOptions = true,
        subcommands = {TokenCommand.Create.class, TokenCommand.ListAll.class, TokenCommand.Revoke.class},
        footer = {"", "Example: flynn-host token create --uses 2 --valid 1h --note 'rack 2'"})
public final class TokenCommand implements Runnable {

    private static final Pattern DURATION = Pattern.compile("(\\d{1,6})([smhd])");

    @picocli.CommandLine.Spec
    private picocli.CommandLine.Model.@Nullable CommandSpec spec;

    @Override
    public void run() {
        if (spec != null) {
            spec.commandLine().usage(System.out);
        }
    }

    /** How the cluster is reached from this host. */
    static final class Connection {

        @Option(
                names = "--data-dir",
                paramLabel = "DIR",
                defaultValue = "/var/lib/flynn",
                description = "Data directory of this host's daemon (default: ${DEFAULT-VALUE}).")
        private Path dataDirectory = Path.of("/var/lib/flynn");

        @Option(
                names = "--link",
                paramLabel = "IP:PORT",
                description =
                        "Where this host's daemon listens for other hosts (default: what it wrote to its data directory).")
        private @Nullable String link;

        private Function<Connection, TokenAdmin> opener = Connection::overTheLink;

        void openWith(Function<Connection, TokenAdmin> other) {
            opener = other;
        }

        TokenAdmin open() {
            return opener.apply(this);
        }

        private TokenAdmin overTheLink() {
            Path identityDirectory = dataDirectory.resolve("identity");
            if (!Files.isDirectory(identityDirectory)) {
                throw FlynnException.invalid(
                        "%s holds no identity of a host: give the --data-dir of this host's daemon, and run this as the same user"
                                .formatted(dataDirectory));
            }
            var files = new IdentityFiles(identityDirectory);
            Clock clock = Clock.systemUTC();
            HostIdentity identity = files.load(clock.instant())
                    .orElseThrow(() ->
                            FlynnException.invalid("this host belongs to no cluster yet: start its daemon first"));
            var credentials = new HostCredentials(identity, new RemovedHosts(files), clock);
            String address = link != null ? link : LinkAddressFile.read(dataDirectory);
            return new RemoteTokenAdmin(credentials, address, new FlynnJson());
        }
    }

    /** Makes a token. */
    @Command(
            name = "create",
            description = "Makes a token and prints it. It cannot be printed again.",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            footer = {"", "Example: flynn-host token create --uses 2 --valid 1h --note 'rack 2'"})
    static final class Create implements Callable<Integer> {

        @Mixin
        private Connection connection = new Connection();

        @Option(
                names = "--uses",
                paramLabel = "N",
                defaultValue = "1",
                description = "How many hosts may join with it (default: ${DEFAULT-VALUE}).")
        private int uses = 1;

        @Option(
                names = "--valid",
                paramLabel = "TIME",
                defaultValue = "24h",
                description = "How long: 30m, 24h, 7d (default: ${DEFAULT-VALUE}).")
        private String valid = "24h";

        @Option(names = "--note", paramLabel = "TEXT", defaultValue = "", description = "What it is for.")
        private String note = "";

        @Option(names = "--json", description = "Print a JSON object.")
        private boolean json;

        Connection connection() {
            return connection;
        }

        @Override
        public Integer call() {
            String token = connection.open().create(note, uses, duration(valid));
            System.out.println(json ? new FlynnJson().write(Map.of("token", token)) : token);
            return 0;
        }
    }

    /** Lists tokens. */
    @Command(
            name = "list",
            description = "Lists the tokens, without their secrets.",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            footer = {"", "Example: flynn-host token list --json"})
    static final class ListAll implements Callable<Integer> {

        @Mixin
        private Connection connection = new Connection();

        @Option(names = "--json", description = "Print a JSON array.")
        private boolean json;

        Connection connection() {
            return connection;
        }

        @Override
        public Integer call() {
            print(connection.open().list(), json, System.out);
            return 0;
        }
    }

    /** Revokes a token. */
    @Command(
            name = "revoke",
            description = "Ends a token. Hosts that joined with it stay.",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            footer = {"", "Example: flynn-host token revoke 5f0c9a1be2d34477"})
    static final class Revoke implements Callable<Integer> {

        @Mixin
        private Connection connection = new Connection();

        @Parameters(paramLabel = "ID", description = "As 'flynn-host token list' has it.")
        private String id = "";

        Connection connection() {
            return connection;
        }

        @Override
        public Integer call() {
            connection.open().revoke(id);
            System.out.println(id + " revoked");
            return 0;
        }
    }

    static void print(List<TokenInfo> tokens, boolean json, PrintStream out) {
        if (json) {
            out.println(new FlynnJson().write(tokens));
            return;
        }
        String row = "%-16s  %-8s  %-9s  %-20s  %s%n";
        out.printf(row, "ID", "STATE", "USED", "EXPIRES", "NOTE");
        for (TokenInfo token : tokens) {
            out.printf(
                    row,
                    token.id(),
                    token.state().name().toLowerCase(Locale.ROOT).replace('_', ' '),
                    token.uses() + " of " + token.maxUses(),
                    token.expiresAt().truncatedTo(java.time.temporal.ChronoUnit.SECONDS),
                    token.note());
        }
    }

    static Duration duration(String text) {
        Matcher matcher = DURATION.matcher(text);
        if (!matcher.matches()) {
            throw FlynnException.invalid("\"%s\" is no length of time: write 30m, 24h or 7d".formatted(text));
        }
        long count = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "s" -> Duration.ofSeconds(count);
            case "m" -> Duration.ofMinutes(count);
            case "h" -> Duration.ofHours(count);
            default -> Duration.ofDays(count);
        };
    }
}
