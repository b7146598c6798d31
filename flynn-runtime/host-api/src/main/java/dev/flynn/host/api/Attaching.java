package dev.flynn.host.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.log.LogMessage;
import dev.flynn.logs.JobLines;
import dev.flynn.logs.LogMux;
import dev.flynn.spi.host.AttachListener;
import dev.flynn.spi.host.Attachment;
import dev.flynn.spi.host.HostConnection;
import dev.flynn.state.JobRecord;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client that is attached to one job, without the connection (contract: layer 0, Attach protocol). Who calls {@code
 * onOutput} waits while the client does not read, which slows the job down and nothing else.
 */
final class Attaching implements AttachListener, AttachFrames.Input, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Attaching.class);

    /** Clients compare this text. */
    static final String NOT_RUNNING = "host: job not running";

    /** Of an attachment whose job another one writes to already. */
    private static final String STDIN_TAKEN = "stdin is closed";

    /** Where the frames go. */
    interface Client {

        /** Waits while the client does not read; does nothing once it is gone. */
        void send(byte[] frame);

        /** Sends what was sent, then the end. */
        void finish();

        /** Reads nothing any more of what the client sends. */
        void stopReading();
    }

    private final AttachRequest request;
    private final HostJobs jobs;
    private final HostConnection host;
    private final LogMux logs;
    private final Executor executor;
    private final Client client;
    private final CompletableFuture<Attachment> attachment = new CompletableFuture<>();

    /** Of a job whose output is cut into lines. */
    private final Map<OutputStreamKind, LineCutter> cutters = new EnumMap<>(OutputStreamKind.class);

    private volatile @Nullable JobSpec spec;
    private volatile @Nullable JobLines lines;
    private volatile boolean attached;
    private volatile boolean fromLog;
    private volatile boolean over;

    /** How the job ended: a frame, for when its log was sent. */
    private final CompletableFuture<byte[]> end = new CompletableFuture<>();

    /** @param executor may run tasks that wait */
    Attaching(
            AttachRequest request, HostJobs jobs, HostConnection host, LogMux logs, Executor executor, Client client) {
        this.request = request;
        this.jobs = jobs;
        this.host = host;
        this.logs = logs;
        this.executor = executor;
        this.client = client;
    }

    /** Attaches, or says why not; may wait for the store. */
    void begin() {
        try {
            Optional<JobRecord> job = jobs.find(request.job());
            if (job.isPresent() && job.get().state() == JobState.DOWN) {
                afterTheEnd(job.get());
                return;
            }
            var id = new JobId(request.job());
            if (!id.hostId().equals(jobs.hostId())) {
                throw FlynnException.invalid("job %s is not one of host \"%s\"".formatted(id, jobs.hostId()));
            }
            if (job.isEmpty()) {
                client.send(AttachFrames.waiting());
            }
            Attachment opened = host.attach(id, request.stdin(), request.size(), this);
            if (!attachment.complete(opened)) {
                opened.close();
            }
        } catch (FlynnException e) {
            fail(e.getMessage());
        }
    }

    // a job that is over

    private void afterTheEnd(JobRecord job) {
        if (ActiveJobs.status(job) == ActiveJobs.FAILED) {
            fail(job.hostError().orElse("unknown failure"));
        } else if (request.stdin() || job.spec().tty().isPresent()) {
            fail(NOT_RUNNING);
        } else {
            client.send(AttachFrames.success());
            if (request.logs()) {
                sendHistory(job.spec());
            }
            endStreams();
        }
    }

    private void sendHistory(JobSpec job) {
        Optional<AppId> app = loggedApp(job);
        if (app.isPresent()) {
            try (JobLines kept = logs.lines(app.get(), job.id())) {
                kept.finish();
                send(kept);
            } catch (IOException e) {
                log.atWarn().addKeyValue("job", job.id()).setCause(e).log("cannot read the job's log");
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Empty for a job whose output is not logged. */
    private static Optional<AppId> loggedApp(JobSpec job) {
        boolean logged = job.tty().isEmpty() && !job.disableLog();
        return Optional.ofNullable(job.metadata().get(JobSpec.META_APP))
                .filter(app -> logged)
                .map(AppId::of);
    }

    private void send(JobLines from) throws IOException, InterruptedException {
        from.history(this::send);
        for (Optional<LogMessage> line = from.next(); line.isPresent(); line = from.next()) {
            send(line.get());
        }
    }

    private void send(LogMessage line) {
        for (OutputStreamKind stream : OutputStreamKind.values()) {
            if (stream.wireName().equals(line.stream()) && request.wants(stream)) {
                client.send(AttachFrames.data(stream, (line.message() + "\n").getBytes(UTF_8)));
            }
        }
    }

    private void endStreams() {
        request.ending().forEach(stream -> client.send(AttachFrames.endOf(stream)));
        over = true;
        client.finish();
    }

    private void fail(String reason) {
        over = true;
        attachment.cancel(false);
        client.send(AttachFrames.error(reason));
        client.finish();
    }

    // a job that lives

    @Override
    public void onAttached() {
        JobSpec job = jobs.findHere(request.job()).map(JobRecord::spec).orElse(null);
        spec = job;
        Optional<AppId> app = job == null || !request.logs() ? Optional.empty() : loggedApp(job);
        fromLog = app.isPresent();
        attached = true;
        client.send(AttachFrames.success());
        if (job != null && app.isPresent()) {
            followLog(job, app.get());
        } else if (request.logs() && !request.stream() && !hasTerminal()) {
            // there is no history of such a job
            endStreams();
            close();
        }
    }

    private void followLog(JobSpec job, AppId app) {
        try {
            JobLines opened = logs.lines(app, job.id());
            lines = opened;
            if (!request.stream()) {
                opened.finish();
            }
            executor.execute(() -> sendLog(opened));
        } catch (IOException | RejectedExecutionException e) {
            log.atWarn().addKeyValue("job", job.id()).setCause(e).log("cannot read the job's log");
            fail("the job's log cannot be read");
        }
    }

    /** Ends with the job if the client follows it, else with what there is. */
    private void sendLog(JobLines from) {
        try (from) {
            send(from);
            if (over) {
                return;
            }
            if (request.stream()) {
                over = true;
                client.send(end.join());
                client.finish();
            } else {
                endStreams();
            }
        } catch (IOException e) {
            log.atWarn().addKeyValue("job", request.job()).setCause(e).log("cannot read the job's log");
            fail("the job's log cannot be read");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            close();
        }
    }

    private boolean hasTerminal() {
        JobSpec job = spec;
        return job != null && job.tty().isPresent();
    }

    @Override
    public void onOutput(OutputStreamKind stream, byte[] bytes) {
        if (over || fromLog || bytes.length == 0) {
            return;
        }
        JobSpec job = spec;
        if (hasTerminal()) {
            if (request.wants(OutputStreamKind.STDOUT)) {
                client.send(AttachFrames.data(OutputStreamKind.STDOUT, bytes));
            }
        } else if (request.wants(stream)) {
            if (job != null && job.disableLog()) {
                client.send(AttachFrames.data(stream, bytes));
            } else {
                cutter(stream).accept(bytes);
            }
        }
    }

    private LineCutter cutter(OutputStreamKind stream) {
        return cutters.computeIfAbsent(
                stream, kind -> new LineCutter(line -> client.send(AttachFrames.data(kind, line))));
    }

    @Override
    public void onExit(int status) {
        if (over) {
            return;
        }
        if (!attached) {
            // stopped before it ran
            client.send(AttachFrames.success());
        }
        end(AttachFrames.exit(status), true);
    }

    @Override
    public void onError(String reason) {
        if (over) {
            return;
        }
        if (!attached && reason.equals(NOT_RUNNING)) {
            executor.execute(
                    () -> jobs.find(request.job()).ifPresentOrElse(this::afterTheEnd, () -> fail(NOT_RUNNING)));
            return;
        }
        end(AttachFrames.error(reason), false);
    }

    /** @param regular whether a client that did not ask to be told of the end is told of that of the outputs only */
    private void end(byte[] frame, boolean regular) {
        JobLines following = lines;
        if (following != null) {
            end.complete(frame);
            following.finish();
            return;
        }
        cutters.values().forEach(LineCutter::finish);
        if (regular && !request.stream() && !hasTerminal()) {
            endStreams();
        } else {
            over = true;
            client.send(frame);
            client.finish();
        }
    }

    // what the client sends

    @Override
    public void stdin(byte[] bytes) {
        if (!request.stdin()) {
            client.stopReading();
            return;
        }
        input(to -> to.stdin(bytes));
    }

    @Override
    public void endOfStdin() {
        if (!request.stdin()) {
            client.stopReading();
            return;
        }
        input(Attachment::closeStdin);
    }

    @Override
    public void signal(int number) {
        input(to -> to.signal(number));
    }

    @Override
    public void resize(TerminalSize size) {
        if (attached && !hasTerminal()) {
            client.stopReading();
            return;
        }
        input(to -> to.resize(size));
    }

    private interface Step {
        void to(Attachment attachment);
    }

    private void input(Step step) {
        try {
            step.to(attachment.join());
        } catch (FlynnException e) {
            if (!over && e.code() == ErrorCode.VALIDATION && e.getMessage().equals(STDIN_TAKEN)) {
                fail(STDIN_TAKEN);
            }
            client.stopReading();
        } catch (CancellationException overBeforeItBegan) {
            client.stopReading();
        }
    }

    /** The client is gone, or needs nothing more; the job goes on. */
    @Override
    public void close() {
        over = true;
        end.complete(new byte[0]);
        JobLines following = lines;
        if (following != null) {
            following.close();
        }
        if (!attachment.cancel(false)) {
            attachment.join().close();
        }
    }
}
