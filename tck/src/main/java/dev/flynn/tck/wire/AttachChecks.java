package dev.flynn.tck.wire;

import static dev.flynn.tck.wire.Profile.FULL;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;

/** Attached jobs and their frames: section 6.6. */
final class AttachChecks {

    private static final int SIGTERM = 15;
    private static final int SIGKILL = 9;

    private AttachChecks() {}

    private static Attachment run(Lab lab, String line, Map<String, ?> more) {
        lab.needJobs();
        return lab.attach(Lab.id(lab.newApp()), JobRunChecks.job(lab, line, more))
                .attached();
    }

    private static Attachment run(Lab lab, String line) {
        return run(lab, line, Map.of("disable_log", true));
    }

    static void declare(Catalogue catalogue) {
        catalogue
                .endpoint("jobs/attach", "§6.6", "POST /apps/:a/jobs (Upgrade: flynn-attach/0)")
                .check("answers-101", "101, with the same words in Connection and Upgrade", lab -> {
                    Attachment job = run(lab, "exit 0");
                    header(job, "Connection", "upgrade");
                    header(job, "Upgrade", "flynn-attach/0");
                })
                .check("output", "stdout and stderr on streams of their own", lab -> {
                    Attachment job = run(lab, "echo out; echo err >&2");
                    Expect.same("exit status", 0L, job.exitStatus());
                    Expect.same("stdout", "out\n", job.output(Frame.STDOUT));
                    Expect.same("stderr", "err\n", job.output(Frame.STDERR));
                })
                .check("exit-status", "a frame with the exit status is the last", lab -> {
                    Attachment job = run(lab, "exit 7");
                    Expect.same("exit status", 7L, job.exitStatus());
                    List<Frame> frames = job.all();
                    Expect.that(
                            frames.get(frames.size() - 1) instanceof Frame.Exit,
                            "the exit status has to be last, had %s",
                            job.shown());
                })
                .check("input", "what is sent on stream 0 is the job's input, and an empty frame its end", lab -> {
                    Attachment job = run(lab, "cat; echo end");
                    job.send(Frame.data(Frame.STDIN, "hello\n"));
                    job.awaitOutput(Frame.STDOUT, "hello\n");
                    job.send(Frame.data(Frame.STDIN, "again"));
                    job.send(Frame.data(Frame.STDIN, ""));
                    Expect.same("exit status", 0L, job.exitStatus());
                    Expect.same("stdout", "hello\nagainend\n", job.output(Frame.STDOUT));
                })
                .check("ends-of-output", "an empty frame ends stdout and stderr each", lab -> {
                    Attachment job = run(lab, "echo out; echo err >&2");
                    List<Frame> frames = job.all();
                    for (int stream : List.of(Frame.STDOUT, Frame.STDERR)) {
                        long ends = frames.stream()
                                .filter(frame ->
                                        frame instanceof Frame.Data data && data.stream() == stream && data.isEnd())
                                .count();
                        Expect.that(ends == 1, "stream %d has to end once, had %s", stream, job.shown());
                    }
                })
                .check("refused", "an unknown release is refused with 404", lab -> {
                    Attachment job =
                            lab.attach(Lab.id(lab.app()), Map.of("release", Lab.uuid(), "cmd", List.of("true")));
                    job.answer().notFound();
                })
                .from(FULL)
                .check("waits-for-the-job", "no frame but data and the exit status comes", lab -> {
                    Attachment job = run(lab, "echo out");
                    Expect.that(
                            job.all().stream().noneMatch(Frame.Unknown.class::isInstance),
                            "other frames are not for clients of the controller, had %s",
                            job.shown());
                })
                .check("signal", "a frame with a signal is a signal for the job", lab -> {
                    Attachment job =
                            run(lab, "trap 'echo caught; exit 3' TERM; echo ready; while :; do sleep 0.1; done");
                    job.awaitOutput(Frame.STDOUT, "ready");
                    job.send(Frame.signal(SIGTERM));
                    Expect.same("exit status", 3L, job.exitStatus());
                    Expect.same("stdout", "ready\ncaught\n", job.output(Frame.STDOUT));
                })
                .check("killed", "a job that a signal ended has the exit status 0 (surprise 27)", lab -> {
                    Attachment job = run(lab, "echo ready; sleep 60");
                    job.awaitOutput(Frame.STDOUT, "ready");
                    job.send(Frame.signal(SIGKILL));
                    Expect.same("exit status", 0L, job.exitStatus());
                })
                .check("raw", "with disable_log the bytes are as they were written", lab -> {
                    Attachment job = run(lab, "printf 'no newline'");
                    Expect.same("exit status", 0L, job.exitStatus());
                    Expect.same("stdout", "no newline", job.output(Frame.STDOUT));
                })
                .check("lines", "without it, an unfinished last line gets a newline", lab -> {
                    Attachment job = run(lab, "printf 'no newline'", Map.of());
                    Expect.same("exit status", 0L, job.exitStatus());
                    Expect.same("stdout", "no newline\n", job.output(Frame.STDOUT));
                })
                .check(
                        "terminal",
                        "with tty all output is on stream 1, and the job has a terminal of that size",
                        lab -> {
                            Attachment job = run(
                                    lab,
                                    "test -t 0 && stty size; echo err >&2",
                                    Map.of("tty", true, "tty_columns", 101, "tty_lines", 33, "disable_log", true));
                            Expect.same("exit status", 0L, job.exitStatus());
                            Expect.same("stream 2", "", job.output(Frame.STDERR));
                            String output = job.output(Frame.STDOUT).replace("\r", "");
                            Expect.that(output.contains("err\n"), "stderr has to be on stream 1, had %s", job.shown());
                            if (output.contains("stty: not found") || output.contains("stty: command not found")) {
                                throw new Inapplicable("the image has no stty");
                            }
                            Expect.that(
                                    output.contains("33 101"),
                                    "the terminal has to be of 33 lines and 101 columns, had %s",
                                    job.shown());
                        })
                .check("resize", "a frame with a size changes the terminal's", lab -> {
                    Attachment job = run(
                            lab,
                            "echo ready; read line; stty size",
                            Map.of("tty", true, "tty_columns", 80, "tty_lines", 24, "disable_log", true));
                    job.awaitOutput(Frame.STDOUT, "ready");
                    job.send(Frame.resize(40, 120));
                    job.send(Frame.data(Frame.STDIN, "\n"));
                    String output = job.all().isEmpty() ? "" : job.output(Frame.STDOUT);
                    if (output.contains("not found")) {
                        throw new Inapplicable("the image has no stty");
                    }
                    Expect.that(
                            output.contains("40 120"),
                            "the terminal has to be of 40 lines and 120 columns, had %s",
                            job.shown());
                })
                .check("disconnect", "a client that goes does not end the job (surprise 29)", lab -> {
                    lab.needJobs();
                    JsonNode app = lab.newApp();
                    Attachment job = lab.attach(
                            Lab.id(app),
                            JobRunChecks.job(lab, "echo ready; sleep 2; exit 5", Map.of("disable_log", true)));
                    job.prepared().awaitOutput(Frame.STDOUT, "ready");
                    job.close();
                    String id = lab.await(
                            "the job in the list",
                            () -> lab.jobs(app).stream().map(Lab::id).findFirst());
                    JsonNode down = lab.awaitJob(
                            app, id, any -> any.path("state").asText().equals("down"));
                    Expect.value(down, "exit_status", 5);
                });
    }

    private static void header(Attachment job, String name, String word) {
        String value = job.answer().response().headers().first(name).orElse("absent");
        Expect.that(value.equalsIgnoreCase(word), "header %s has to be %s, was %s", name, word, value);
    }
}
