package dev.flynn.spi.resource;

import dev.flynn.api.error.FlynnException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.apiguardian.api.API;

/**
 * What a {@link ResourceProvider} is asked for. Its text form has no values of the settings, which may be secrets.
 *
 * @param id chosen by the caller, unique per resource that is wanted, 1 to 128 of the characters {@code A-Z a-z 0-9 . _ -}
 * @param config the settings that the client sent, by name: the members of a JSON object, each a {@code String}, {@code
 *     Boolean}, {@code Number}, {@code List} or {@code Map}; a member that is null counts as absent
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record ResourceRequest(String id, Map<String, Object> config) {

    private static final int MAX_ID = 128;

    public ResourceRequest {
        if (id.isEmpty() || id.length() > MAX_ID || !id.chars().allMatch(ResourceRequest::isIdCharacter)) {
            throw FlynnException.invalidField("request id", "must be 1 to 128 of A-Z a-z 0-9 . _ -");
        }
        var present = new LinkedHashMap<String, Object>();
        config.forEach((name, value) -> Optional.ofNullable(value).ifPresent(some -> present.put(name, some)));
        config = Collections.unmodifiableMap(present);
    }

    /** A request without settings. */
    public static ResourceRequest withDefaults(String id) {
        return new ResourceRequest(id, Map.of());
    }

    private static boolean isIdCharacter(int c) {
        return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-';
    }

    /**
     * Refuses settings that the provider does not have.
     *
     * @throws FlynnException {@code VALIDATION} naming the first that is not among the known ones
     */
    public void requireOnly(String... known) {
        var unknown = new TreeSet<>(config.keySet());
        unknown.removeAll(List.of(known));
        if (!unknown.isEmpty()) {
            throw FlynnException.invalidField(
                    unknown.first(),
                    known.length == 0
                            ? "is not a setting of this provider, which has none"
                            : "is not a setting of this provider, which has " + String.join(", ", known));
        }
    }

    /** @throws FlynnException {@code VALIDATION} if the setting is not a text */
    public Optional<String> text(String name) {
        return value(name, String.class, "a text");
    }

    /** @throws FlynnException {@code VALIDATION} if the setting is not true or false */
    public Optional<Boolean> flag(String name) {
        return value(name, Boolean.class, "true or false");
    }

    /** @throws FlynnException {@code VALIDATION} if the setting is not a whole number between the two, both included */
    public Optional<Long> number(String name, long least, long most) {
        String range = "a whole number from %d to %d".formatted(least, most);
        Optional<Long> number = value(name, Number.class, range).map(found -> {
            if (found instanceof Integer || found instanceof Long) {
                return found.longValue();
            }
            throw FlynnException.invalidField(name, "must be " + range);
        });
        number.filter(found -> found < least || found > most).ifPresent(found -> {
            throw FlynnException.invalidField(name, "must be %s, was %d".formatted(range, found));
        });
        return number;
    }

    private <T> Optional<T> value(String name, Class<T> type, String wanted) {
        Object value = config.get(name);
        if (value == null) {
            return Optional.empty();
        }
        if (!type.isInstance(value)) {
            throw FlynnException.invalidField(name, "must be " + wanted);
        }
        return Optional.of(type.cast(value));
    }

    @Override
    public String toString() {
        return "ResourceRequest[id=" + id + ", config=" + config.keySet() + "]";
    }
}
