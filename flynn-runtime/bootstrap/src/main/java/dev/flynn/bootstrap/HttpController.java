package dev.flynn.bootstrap;

import dev.flynn.api.app.App;
import dev.flynn.api.app.Formation;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.Release;
import dev.flynn.api.route.Route;
import dev.flynn.client.ControllerClient;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The controller over its HTTP API. */
final class HttpController implements Controller {

    private final ControllerClient client;

    HttpController(ControllerClient client) {
        this.client = client;
    }

    @Override
    public Optional<App> findApp(String idOrName) {
        return client.findApp(idOrName);
    }

    @Override
    public App createApp(App app) {
        return client.createApp(Map.of(
                "id", app.id(),
                "name", app.name(),
                "meta", app.meta(),
                "strategy", app.strategy(),
                "deploy_timeout", app.deployTimeout(),
                "protected", app.isProtected()));
    }

    @Override
    public Artifact createArtifact(Artifact artifact) {
        return client.createArtifact(artifact.type(), artifact.uri());
    }

    @Override
    public Optional<Release> findRelease(ReleaseId id) {
        return client.findRelease(id);
    }

    @Override
    public Release createRelease(Release release) {
        return client.createRelease(release);
    }

    @Override
    public Optional<Formation> findFormation(String app, ReleaseId release) {
        return client.findFormation(app, release);
    }

    @Override
    public Formation putFormation(String app, ReleaseId release, Map<String, Integer> processes) {
        return client.putFormation(app, release, processes);
    }

    @Override
    public void setRelease(String app, ReleaseId release) {
        var unused = client.setAppRelease(app, release);
    }

    @Override
    public void deploy(String app, ReleaseId release) {
        client.deployAndWait(app, release, step -> {});
    }

    @Override
    public List<Route> routes(String app) {
        return client.routes(app);
    }

    @Override
    public Route createRoute(String app, Map<String, Object> fields) {
        return client.createRoute(app, fields);
    }

    @Override
    public void close() {
        client.close();
    }
}
