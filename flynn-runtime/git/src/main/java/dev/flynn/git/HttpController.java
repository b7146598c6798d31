package dev.flynn.git;

import dev.flynn.api.access.KeyHolder;
import dev.flynn.api.app.App;
import dev.flynn.api.deployment.Deployment;
import dev.flynn.api.event.Event;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.Job;
import dev.flynn.api.job.NewJob;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.Release;
import dev.flynn.client.AttachedJob;
import dev.flynn.client.ControllerClient;
import dev.flynn.client.EventFilter;
import dev.flynn.client.EventStream;
import dev.flynn.client.LogLines;
import dev.flynn.client.LogOptions;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** The controller over its HTTP API. */
final class HttpController implements Controller {

    private static final int SIGKILL = 9;

    private final FlynnJson json;
    private final ControllerClient client;

    /**
     * @param onBehalfOf whose push this is for
     * @param json shared by all sessions: what it has learned of a type is costly to learn again
     */
    HttpController(String url, String key, Optional<String> onBehalfOf, FlynnJson json) {
        this.json = json;
        ControllerClient.Builder builder =
                ControllerClient.builder(url).key(key).json(json);
        onBehalfOf.ifPresent(builder::onBehalfOf);
        this.client = builder.build();
    }

    @Override
    public KeyHolder keyHolder() {
        return client.keyHolder();
    }

    @Override
    public Optional<App> findApp(String app) {
        return client.findApp(app);
    }

    @Override
    public Optional<Release> findAppRelease(String app) {
        return client.findAppRelease(app);
    }

    @Override
    public boolean hasFormation(String app, ReleaseId release) {
        return client.findFormation(app, release).isPresent();
    }

    @Override
    public Artifact createArtifact(String type, String uri) {
        return client.createArtifact(type, uri);
    }

    @Override
    public Release createRelease(Release release) {
        return client.createRelease(release);
    }

    @Override
    public Deployment deploy(String app, ReleaseId release, Optional<Release> made) {
        return client.deploy(app, release, made);
    }

    @Override
    public void await(String app, Deployment deployment) {
        client.await(app, deployment, step -> {});
    }

    @Override
    public Optional<Deployment> deploymentUnderWay(String app) {
        return client.deployments(app).stream()
                .filter(deployment -> !deployment.status().isFinished())
                .findFirst();
    }

    @Override
    public void putFormation(String app, ReleaseId release, Map<String, Integer> processes) {
        var unused = client.putFormation(app, release, processes);
    }

    @Override
    public void deleteFormation(String app, ReleaseId release) {
        client.deleteFormation(app, release);
    }

    @Override
    public AttachedBuild attachJob(String app, NewJob job) {
        return new HttpBuild(client.attachJob(app, job));
    }

    @Override
    public JobEvents jobEvents(String app) {
        EventStream events = client.events(EventFilter.ofApp(app, EventType.JOB));
        return new JobEvents() {
            @Override
            public Optional<Job> next(Duration patience) throws InterruptedException {
                return events.next(patience).map(Event::data).map(data -> json.read(data, Job.class));
            }

            @Override
            public void close() {
                events.close();
            }
        };
    }

    @Override
    public List<String> lastLines(String app, JobId job, int lines) throws IOException {
        var options = new LogOptions(false, OptionalInt.of(lines), Optional.of(job.value()), Optional.empty());
        List<String> found = new ArrayList<>();
        try (LogLines log = client.log(app, options)) {
            for (var line = log.next(); line.isPresent(); line = log.next()) {
                found.add(line.get().message());
            }
        }
        return found;
    }

    @Override
    public void close() {
        client.close();
    }

    private record HttpBuild(AttachedJob job) implements AttachedBuild {

        @Override
        public int run(Output output) throws IOException {
            return job.run(output::write);
        }

        @Override
        public void stdin(byte[] bytes, int length) throws IOException {
            job.stdin(bytes, length);
        }

        @Override
        public void closeStdin() throws IOException {
            job.closeStdin();
        }

        @Override
        public void kill() throws IOException {
            job.signal(SIGKILL);
        }

        @Override
        public void close() {
            job.close();
        }
    }
}
