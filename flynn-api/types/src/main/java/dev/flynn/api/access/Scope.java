package dev.flynn.api.access;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.apiguardian.api.API;

/**
 * What a key may be used for. As text: {@code admin}, {@code read}, {@code deploy}, {@code app:<id>}.
 *
 * <p>{@code admin} is everything. {@code read} looks at everything but secrets and changes nothing. {@code deploy} makes
 * releases and deploys them. {@code app:<id>} alone is everything about one app; beside {@code read} or {@code deploy} it
 * confines these to that app.
 *
 * @param app with {@link Kind#APP} only
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Scope(Kind kind, Optional<AppId> app) {

    public static final Scope ADMIN = new Scope(Kind.ADMIN, Optional.empty());
    public static final Scope READ = new Scope(Kind.READ, Optional.empty());
    public static final Scope DEPLOY = new Scope(Kind.DEPLOY, Optional.empty());

    private static final String APP_PREFIX = "app:";

    /** The kinds of scopes; the lower-case name is the text. */
    public enum Kind {
        ADMIN,
        READ,
        DEPLOY,
        APP
    }

    public Scope {
        requireNonNull(kind, "kind");
        requireNonNull(app, "app");
        if (app.isPresent() != (kind == Kind.APP)) {
            throw FlynnException.invalidField("scopes", "name an app with app:<id>, and in no other way");
        }
    }

    public static Scope ofApp(AppId app) {
        return new Scope(Kind.APP, Optional.of(app));
    }

    /** @throws FlynnException {@code VALIDATION} if the text is no scope */
    public static Scope parse(String text) {
        return switch (text) {
            case "admin" -> ADMIN;
            case "read" -> READ;
            case "deploy" -> DEPLOY;
            default -> {
                if (!text.startsWith(APP_PREFIX)) {
                    throw FlynnException.invalidField(
                            "scopes", "are admin, read, deploy and app:<app>; \"%s\" is none of them".formatted(text));
                }
                yield ofApp(AppId.of(text.substring(APP_PREFIX.length())));
            }
        };
    }

    /**
     * Refuses sets that contradict themselves: none, {@code admin} beside others, several apps, {@code read} beside
     * {@code deploy}.
     *
     * @throws FlynnException {@code VALIDATION}
     */
    public static void requireValid(Collection<Scope> scopes) {
        Set<Scope> set = Set.copyOf(scopes);
        if (set.isEmpty()) {
            throw FlynnException.invalidField("scopes", "must not be empty; give admin, read, deploy or app:<app>");
        }
        if (set.contains(ADMIN) && set.size() > 1) {
            throw FlynnException.invalidField("scopes", "must not have others beside admin, which is everything");
        }
        if (set.contains(READ) && set.contains(DEPLOY)) {
            throw FlynnException.invalidField("scopes", "must not have read beside deploy, which may look as well");
        }
        if (set.stream().filter(scope -> scope.kind() == Kind.APP).count() > 1) {
            throw FlynnException.invalidField("scopes", "must not name several apps; make a key for each");
        }
    }

    /** As {@link #parse} reads it. */
    @Override
    public String toString() {
        return app.map(id -> APP_PREFIX + id).orElseGet(() -> kind.name().toLowerCase(Locale.ROOT));
    }
}
