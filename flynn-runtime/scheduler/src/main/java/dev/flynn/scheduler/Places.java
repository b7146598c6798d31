package dev.flynn.scheduler;

import dev.flynn.spi.scheduler.ClusterSnapshot.HostView;
import dev.flynn.spi.scheduler.ClusterSnapshot.TypeView;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** The places that jobs of a type have taken, which others of it must not share. Not thread-safe. */
final class Places {

    private final Optional<String> antiAffinity;
    private final Set<String> taken = new HashSet<>();

    Places(TypeView type) {
        this.antiAffinity = type.antiAffinity();
    }

    /** Whether a job may be there, besides those that are anywhere else. */
    boolean allow(HostView host) {
        return antiAffinity.isEmpty()
                || placeOf(host, antiAffinity.get())
                        .filter(place -> !taken.contains(place))
                        .isPresent();
    }

    void take(HostView host) {
        antiAffinity.flatMap(kind -> placeOf(host, kind)).ifPresent(taken::add);
    }

    private static Optional<String> placeOf(HostView host, String kind) {
        return kind.equals(TypeView.HOST)
                ? Optional.of(host.id())
                : Optional.ofNullable(host.tags().get(kind));
    }
}
