package dev.flynn.cli;

import dev.flynn.api.access.AccessKey;
import dev.flynn.api.access.IssuedKey;
import dev.flynn.api.access.NewAccessKey;
import dev.flynn.api.access.Scope;
import dev.flynn.json.FlynnJson;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** {@code flynn access-key}: named keys of the cluster's API. */
final class AccessKeyCommand implements Command {

    @Override
    public Syntax syntax() {
        return Syntax.of(
                List.of(Option.value('s', "scope"), Option.value('e', "expires"), Option.flag("json")),
                Form.of("", 0, 0, "json"),
                Form.of("list", 0, 0, "json"),
                Form.of("add", 1, 1, "scope", "expires", "json"),
                Form.of("revoke", 1, 1, "json"));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        switch (arguments.form()) {
            case "add" -> add(context, arguments);
            case "revoke" -> revoke(context, arguments.value(0), arguments.has("json"));
            default -> list(context, arguments.has("json"));
        }
        return 0;
    }

    private static void add(Context context, Arguments arguments) {
        List<String> scopes = arguments
                .option("scope")
                .map(text -> List.of(text.split(",", -1)))
                .orElseThrow(
                        () -> new CliException(
                                "say with --scope what the key may be used for: admin, read, deploy, app:<app>, or an app with one of the others: deploy,app:<app>"));
        Optional<Instant> expires = arguments.option("expires").map(text -> Expiry.parse(text, Instant.now()));
        IssuedKey issued = context.controller().createAccessKey(new NewAccessKey(arguments.value(0), scopes, expires));
        if (arguments.has("json")) {
            context.console().print(new FlynnJson().write(issued));
            return;
        }
        context.console()
                .tell("Created key %s (%s). It is not shown again:"
                        .formatted(issued.accessKey().name(), scopes(issued.accessKey())));
        context.console().print(issued.key());
    }

    private static void revoke(Context context, String name, boolean asJson) {
        AccessKey revoked = context.controller().revokeAccessKey(name);
        if (asJson) {
            context.console().print(new FlynnJson().write(revoked));
        } else {
            context.console().tell("Revoked key " + revoked.name() + ".");
        }
    }

    private static void list(Context context, boolean asJson) {
        List<AccessKey> keys = context.controller().accessKeys();
        if (asJson) {
            context.console().print(new FlynnJson().write(keys));
            return;
        }
        Table table = new Table().row("NAME", "SCOPES", "CREATED", "LAST USED", "STATE");
        Instant now = Instant.now();
        for (AccessKey key : keys) {
            table.row(
                    key.name(),
                    scopes(key),
                    Ages.ago(key.createdAt(), now),
                    key.lastUsedAt().map(used -> Ages.ago(used, now)).orElse("never"),
                    state(key, now));
        }
        table.print(context.console());
    }

    private static String scopes(AccessKey key) {
        return key.scopes().stream().map(Scope::toString).collect(Collectors.joining(","));
    }

    static String state(AccessKey key, Instant now) {
        if (key.revokedAt().isPresent()) {
            return "revoked " + Ages.ago(key.revokedAt(), now);
        }
        if (key.isValid(now)) {
            return key.expiresAt().map(end -> "valid until " + end).orElse("valid");
        }
        return "expired " + Ages.ago(key.expiresAt(), now);
    }

    /** When something ends: a time, or how far away it is. */
    static final class Expiry {

        private static final List<String> UNITS = Arrays.asList("s", "m", "h", "d");
        private static final long[] SECONDS = {1, 60, 3600, 86_400};

        private Expiry() {}

        static Instant parse(String text, Instant now) {
            try {
                int unit = text.isEmpty() ? -1 : UNITS.indexOf(text.substring(text.length() - 1));
                if (unit < 0) {
                    return Instant.parse(text);
                }
                long count = Long.parseLong(text.substring(0, text.length() - 1));
                if (count > 0 && count <= 36_500) {
                    return now.plusSeconds(count * SECONDS[unit]);
                }
            } catch (RuntimeException e) {
                // told below
            }
            throw new CliException(
                    "\"%s\" is no time in the future: give 30d, 12h, 90m or 2027-01-31T00:00:00Z".formatted(text));
        }
    }
}
