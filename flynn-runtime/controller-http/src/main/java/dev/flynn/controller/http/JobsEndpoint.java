package dev.flynn.controller.http;

import dev.flynn.api.app.App;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.AppId;
import dev.flynn.api.job.Job;
import dev.flynn.api.job.NewJob;
import dev.flynn.controller.AppCatalog;
import dev.flynn.controller.JobCatalog;
import dev.flynn.controller.JobReports;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;
import java.util.List;

/** Jobs of an app; attached ones are started by {@link AttachHandler}. */
@Path("/")
public final class JobsEndpoint {

    private final AppCatalog apps;
    private final JobCatalog jobs;

    JobsEndpoint(AppCatalog apps, JobCatalog jobs) {
        this.apps = apps;
        this.jobs = jobs;
    }

    /** What a client is told of the job that it started. */
    record Started(String id, String release, List<String> cmd, List<String> args) {}

    @GET
    @Path("apps/{app}/jobs")
    @Told("All jobs that the app ever had, newest first.")
    public List<Job> list(@PathParam("app") String app) {
        AppId id = apps.get(app).value().id();
        return jobs.of(id);
    }

    @GET
    @Path("active-jobs")
    @Told("Jobs of all apps that are not down, newest first.")
    public List<Job> active() {
        return jobs.active();
    }

    @POST
    @Path("apps/{app}/jobs")
    @Told("Runs a one-off job; with Upgrade: flynn-attach/0 the connection becomes its input and output.")
    public Started run(@PathParam("app") String app, NewJob request) {
        App owner = apps.get(app).value();
        JobSpec spec = jobs.run(owner, request);
        return new Started(
                spec.id().value(), request.release().map(Object::toString).orElse(""), spec.cmd(), spec.cmd());
    }

    /** The app must exist; whose job it is does not matter. */
    @GET
    @Path("apps/{app}/jobs/{job}")
    @Told("One job.")
    public Job get(@PathParam("app") String app, @PathParam("job") String job) {
        var unused = apps.get(app);
        return jobs.get(job);
    }

    @PUT
    @Path("apps/{app}/jobs/{job}")
    @Told("Notes how a job is that is run outside of the cluster; its state only goes forward.")
    public Job put(@PathParam("app") String app, @PathParam("job") String job, JobReports.JobReport report) {
        return jobs.report(apps.get(app).value(), job, report);
    }

    @DELETE
    @Path("apps/{app}/jobs/{job}")
    @Told("Ends a job; answers when it is down.")
    public Response stop(@PathParam("app") String app, @PathParam("job") String job) {
        var unused = apps.get(app);
        jobs.stop(job);
        return Answers.empty();
    }
}
