package dev.flynn.state;

import dev.flynn.api.app.App;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.job.Priority;
import dev.flynn.api.release.Release;
import java.util.Map;
import java.util.Optional;

/**
 * What the metadata of a release, or else of its app, says of where jobs are to run. {@value #PRIORITY} and
 * {@value #ANTI_AFFINITY} are for all process types, {@code flynn-priority.web} and {@code flynn-anti-affinity.web} for one.
 *
 * @param antiAffinity {@code host}, or the name of a tag of hosts
 */
public record Placement(Priority priority, Optional<String> antiAffinity) {

    public static final String PRIORITY = "flynn-priority";
    public static final String ANTI_AFFINITY = "flynn-anti-affinity";

    /**
     * Of a process type. The platform's own apps have the priority {@link Priority#SYSTEM} unless they say otherwise, and
     * nobody else has it.
     */
    public static Placement of(Optional<App> app, Release release, String type) {
        Map<String, String> ofApp = app.map(App::meta).orElse(Map.of());
        boolean isSystem = app.map(App::isSystemApp).orElse(false);
        Priority priority = find(PRIORITY, type, release.meta(), ofApp)
                .flatMap(Placement::priority)
                .filter(wanted -> isSystem || wanted != Priority.SYSTEM)
                .orElse(isSystem ? Priority.SYSTEM : Priority.USER);
        return new Placement(priority, find(ANTI_AFFINITY, type, release.meta(), ofApp));
    }

    private static Optional<String> find(
            String key, String type, Map<String, String> release, Map<String, String> app) {
        String ofType = key + "." + type;
        return Optional.ofNullable(release.get(ofType))
                .or(() -> Optional.ofNullable(release.get(key)))
                .or(() -> Optional.ofNullable(app.get(ofType)))
                .or(() -> Optional.ofNullable(app.get(key)))
                .filter(value -> !value.isEmpty());
    }

    private static Optional<Priority> priority(String name) {
        try {
            return Optional.of(Priority.ofWireName(name));
        } catch (FlynnException unknown) {
            return Optional.empty();
        }
    }
}
