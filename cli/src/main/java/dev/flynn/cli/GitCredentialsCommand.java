package dev.flynn.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** {@code flynn git-credentials}: gives git the key of the cluster that it talks to. */
final class GitCredentialsCommand implements Command {

    @Override
    public Syntax syntax() {
        return Syntax.of(Form.of("", 1, 1));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        if (!arguments.value(0).equals("get")) {
            return 0;
        }
        Map<String, String> asked = read(context);
        String host = asked.getOrDefault("host", "");
        if (!"https".equals(asked.get("protocol")) || host.isEmpty()) {
            return 0;
        }
        for (Cluster cluster : context.clusterFile().read().clusters()) {
            if (cluster.gitUrl().equals("https://" + host)) {
                Console console = context.console();
                console.print("protocol=https");
                console.print("username=user");
                console.print("host=" + host);
                console.print("password=" + cluster.key());
                return 0;
            }
        }
        return 0;
    }

    private static Map<String, String> read(Context context) {
        Map<String, String> asked = new HashMap<>();
        var lines = new BufferedReader(new InputStreamReader(context.console().in(), StandardCharsets.UTF_8));
        try {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                int equals = line.indexOf('=');
                if (equals > 0) {
                    asked.put(line.substring(0, equals), line.substring(equals + 1));
                }
            }
        } catch (IOException e) {
            throw new CliException("cannot read what git asks: " + e.getMessage(), e);
        }
        return asked;
    }
}
