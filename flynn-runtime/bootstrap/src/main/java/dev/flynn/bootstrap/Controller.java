package dev.flynn.bootstrap;

import dev.flynn.api.app.App;
import dev.flynn.api.app.Formation;
import dev.flynn.api.id.ArtifactId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.Release;
import dev.flynn.api.route.Route;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a bootstrap asks of the controller. */
interface Controller extends AutoCloseable {

    Optional<App> findApp(String idOrName);

    /** @param app its id, name, metadata, strategy and timeout count */
    App createApp(App app);

    /** The artifact of that type and URI, which may have been there before. */
    Artifact createArtifact(Artifact artifact);

    Optional<Release> findRelease(ReleaseId id);

    Release createRelease(Release release);

    Optional<Formation> findFormation(String app, ReleaseId release);

    Formation putFormation(String app, ReleaseId release, Map<String, Integer> processes);

    void setRelease(String app, ReleaseId release);

    /** Moves the app to the release and returns when that is done. */
    void deploy(String app, ReleaseId release);

    List<Route> routes(String app);

    /** @param fields by their JSON names */
    Route createRoute(String app, Map<String, Object> fields);

    @Override
    void close();

    /** Opens the controller once it is there. */
    interface Opener {
        Controller open() throws InterruptedException;
    }

    /** A release that runs another artifact: the one that the controller has for the same bits. */
    static Release withArtifact(Release release, ArtifactId artifact) {
        return new Release(
                release.id(),
                release.app(),
                List.of(artifact),
                release.env(),
                release.meta(),
                release.processes(),
                release.createdAt());
    }
}
