package dev.flynn.cli;

import dev.flynn.api.route.RoutePolicy.Auth;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Who may use a route: passwords leave this program as hashes. */
final class RouteUsers {

    private final Arguments arguments;
    private final UnaryOperator<String> passwords;

    /** @param passwords asks for that of a user */
    RouteUsers(Arguments arguments, UnaryOperator<String> passwords) {
        this.arguments = arguments;
        this.passwords = passwords;
    }

    Optional<Auth> change(Optional<Auth> before) {
        if (arguments.has("no-auth")) {
            return Optional.empty();
        }
        Auth.Scheme scheme = before.map(Auth::scheme).orElse(Auth.Scheme.BASIC);
        scheme = arguments.has("auth-digest") ? Auth.Scheme.DIGEST : scheme;
        scheme = arguments.has("no-auth-digest") ? Auth.Scheme.BASIC : scheme;
        String realm = before.map(Auth::realm).orElse(Auth.DEFAULT_REALM);
        String algorithm = before.filter(Auth::isMd5).isPresent() ? "MD5" : "SHA-256";
        Map<String, String> users = new HashMap<>(before.map(Auth::users).orElse(Map.of()));
        for (String name : arguments.all("no-auth-user")) {
            if (users.remove(name) == null) {
                throw new CliException("the route has no user \"%s\"; it has %s".formatted(name, users.keySet()));
            }
        }
        for (String name : arguments.all("auth-user")) {
            if (name.isEmpty() || name.indexOf(':') >= 0) {
                throw new CliException("--auth-user must be a name without colons, was \"" + name + "\"");
            }
            users.put(name, hash(algorithm, name + ":" + realm + ":" + passwords.apply(name)));
        }
        if (users.isEmpty() && arguments.has("auth-digest")) {
            throw new CliException("--auth-digest needs a user: give --auth-user NAME as well");
        }
        return users.isEmpty() ? Optional.empty() : Optional.of(new Auth(scheme, realm, users));
    }

    private static String hash(String algorithm, String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance(algorithm).digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has " + algorithm, e);
        }
    }

    /** From the terminal, twice and unseen, or a line of the input. */
    static String ask(Console console, String user) {
        if (!console.terminals().contains("i")) {
            return console.readText()
                    .filter(password -> !password.isEmpty())
                    .orElseThrow(() -> new CliException(
                            "no password for " + user + ": standard input must hold one line for each --auth-user"));
        }
        while (true) {
            String password = askUnseen(console, "Password for " + user + ": ");
            if (password.isEmpty()) {
                console.tell("A password must not be empty.");
            } else if (askUnseen(console, "The same again: ").equals(password)) {
                return password;
            } else {
                console.tell("These were not the same.");
            }
        }
    }

    private static String askUnseen(Console console, String question) {
        console.err().print(question);
        console.flush();
        try (Terminal.Raw silent = new Terminal().silent()) {
            return console.readText().orElseThrow(() -> new CliException("no password was given"));
        } finally {
            console.tell("");
        }
    }
}
