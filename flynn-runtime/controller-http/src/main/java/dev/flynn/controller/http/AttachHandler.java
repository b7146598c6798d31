package dev.flynn.controller.http;

import dev.flynn.api.app.App;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.job.NewJob;
import dev.flynn.controller.JobRunner;
import dev.flynn.json.FlynnJson;
import dev.flynn.state.ClusterState;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.glassfish.grizzly.http.server.Request;
import org.glassfish.grizzly.http.server.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a job whose input and output are carried by the connection of the request (contract: controller, Run a job).
 *
 * <p>It attaches first and makes the job wanted then, so that no output is lost.
 */
final class AttachHandler implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(AttachHandler.class);

    /** The status of a request that became an attached connection, for the log and the audit. */
    static final int SWITCHED = 101;

    private final ClusterState state;
    private final JobRunner jobs;
    private final JsonBodies bodies;
    private final Confines confines;
    private final FlynnJson json;
    private final Failures failures;
    private final Executor input;
    private final Set<AttachConnection> open = ConcurrentHashMap.newKeySet();

    /** @param input runs the threads that pass input on, one per attached client */
    AttachHandler(
            ClusterState state,
            JobRunner jobs,
            JsonBodies bodies,
            Confines confines,
            Failures failures,
            Executor input) {
        this.state = state;
        this.confines = confines;
        this.jobs = jobs;
        this.bodies = bodies;
        this.json = state.json();
        this.failures = failures;
        this.input = input;
    }

    /** @param request with an {@code Upgrade} header, for {@code /apps/<app>/jobs} */
    void service(Visit visit, Request request, Response response) throws IOException {
        JobRunner.Plan plan;
        try {
            byte[] body = body(request);
            NewJob job = bodies.read(body, NewJob.class);
            confines.requireBody(
                    visit.principal(), visit.request(), json.readTree(new String(body, StandardCharsets.UTF_8)));
            plan = jobs.plan(app(visit), job, true);
        } catch (RuntimeException e) {
            refuse(request, response, e);
            return;
        }
        response.suspend();
        attach(request, response, plan);
    }

    private static AttachConnection.Form form(NewJob job) {
        if (job.tty()) {
            return AttachConnection.Form.TERMINAL;
        }
        return job.disableLog() ? AttachConnection.Form.RAW : AttachConnection.Form.LINES;
    }

    private void attach(Request request, Response response, JobRunner.Plan plan) throws IOException {
        // it cannot carry another request after that
        TakenConnection client = TakenConnection.of(request);
        response.setHeader("Connection", "close");
        var connection = new AttachConnection(
                client, form(plan.request()), input, () -> response.setStatus(SWITCHED), reason -> {
                    log.atWarn()
                            .addKeyValue("app", plan.app().name())
                            .addKeyValue("reason", reason)
                            .log("one-off job could not be attached");
                    refuseAndResume(request, response, new OutsideFailure(FlynnException.internal(reason, null)));
                });
        open.add(connection);
        connection.whenEnded(() -> open.remove(connection));
        try {
            connection.begin();
            var unused =
                    jobs.run(plan, (job, host) -> connection.use(host.attach(job.id(), true, job.tty(), connection)));
        } catch (RuntimeException e) {
            if (connection.abandon()) {
                refuseAndResume(request, response, e);
            }
        }
    }

    /** Ends all sessions; their jobs go on. */
    @Override
    public void close() {
        open.forEach(AttachConnection::close);
    }

    /** An upgraded request has no end that the server knows; its body is as long as its head says. */
    private static byte[] body(Request request) throws IOException {
        long length = request.getContentLengthLong();
        if (length < 0) {
            throw FlynnException.invalid("a request to attach must have a Content-Length");
        }
        return request.getInputStream().readNBytes((int) Math.min(length, JsonBodies.MAX_BYTES + 1L));
    }

    private App app(Visit visit) {
        String app = String.valueOf(visit.request().variables().get("app"));
        return state.findApp(app)
                .orElseThrow(() -> FlynnException.notFound("app", app))
                .value();
    }

    private void refuseAndResume(Request request, Response response, RuntimeException failure) {
        try {
            refuse(request, response, failure);
            response.resume();
        } catch (IOException | IllegalStateException e) {
            log.atDebug().setCause(e).log("client left before it was answered");
        }
    }

    private void refuse(Request request, Response response, RuntimeException failure) throws IOException {
        Failures.Answer answer = failures.answer(failure);
        byte[] body = failures.bytes(answer);
        request.getRequest().setIgnoreContentModifiers(false);
        response.setStatus(answer.status());
        response.setContentLength(body.length);
        if (body.length > 0) {
            response.setContentType("application/json");
            response.getOutputStream().write(body);
        }
    }
}
