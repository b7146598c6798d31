package dev.flynn.cli;

import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ArtifactId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** How commands derive a release from the current one and deploy it. */
final class Releases {

    private Releases() {}

    /** What an app that has no release yet begins with. */
    static Release first(Context context, String app) {
        AppId id = context.controller().app(app).id();
        return new Release(ReleaseId.random(), Optional.of(id), List.of(), Map.of(), Map.of(), Map.of(), Instant.EPOCH);
    }

    static Release withEnv(Release release, UnaryOperator<Map<String, String>> change) {
        return copy(release, change.apply(new HashMap<>(release.env())), release.processes());
    }

    static Release withProcess(Release release, String type, ProcessType process) {
        Map<String, ProcessType> processes = new TreeMap<>(release.processes());
        processes.put(type, process);
        return copy(release, release.env(), processes);
    }

    static Release withArtifact(Release release, ArtifactId artifact) {
        return new Release(
                ReleaseId.random(),
                release.app(),
                List.of(artifact),
                release.env(),
                release.meta(),
                release.processes(),
                Instant.EPOCH);
    }

    /** Everything else is carried over; id and time are the new release's own. */
    private static Release copy(Release release, Map<String, String> env, Map<String, ProcessType> processes) {
        return new Release(
                ReleaseId.random(), release.app(), release.artifacts(), env, release.meta(), processes, Instant.EPOCH);
    }

    /**
     * Makes a release of the app's current one and moves the app to it; returns when its jobs run. What somebody else releases
     * meanwhile is kept.
     */
    static Release change(Context context, String app, Function<Optional<Release>, Release> change) {
        return context.controller().changeRelease(app, change, step -> {});
    }

    /** Creates a release that owes nothing to the current one, and moves the app to it; returns when its jobs run. */
    static Release deploy(Context context, String app, Release release) {
        Release created = context.controller().createRelease(release);
        deploy(context, app, created.id());
        return created;
    }

    static void deploy(Context context, String app, ReleaseId release) {
        context.controller().deployAndWait(app, release, step -> {});
    }
}
