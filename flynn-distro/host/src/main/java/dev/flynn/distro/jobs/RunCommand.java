package dev.flynn.distro.jobs;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.JobId;
import dev.flynn.base.NamedThreads;
import dev.flynn.host.api.AttachedHostJob;
import dev.flynn.host.api.HostClient;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import sun.misc.Signal;

/** A job with this terminal, or these pipes. */
@Command(
        name = "run",
        description =
                "Runs a command of an image as a job, with this command's input and output; ends with the job's exit status.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", "Example: flynn-host run --host host1 host:slugrunner /bin/sh -c 'echo hello'"})
public final class RunCommand extends JobCommand {

    private static final int KILL = 9;
    private static final int WINDOW_CHANGED = 28;
    private static final long PATIENCE_SECONDS = 10;
    private static final int BUFFER_BYTES = 32 << 10;

    private final NamedThreads threads = new NamedThreads("flynn-host-run");

    @Option(names = "--host", paramLabel = "HOST", description = "Where it runs (default: anywhere).")
    private @Nullable String host;

    @Option(
            names = "--bind",
            paramLabel = "SRC:DST",
            split = ",",
            description = "Files of the host that the job sees, and may change.")
    private List<String> binds = List.of();

    @Parameters(
            index = "0",
            paramLabel = "IMAGE",
            description =
                    "What it runs, such as host:slugrunner; where there is nothing before a colon, an image of Docker.")
    private String image = "";

    @Parameters(index = "1", paramLabel = "COMMAND", description = "The program.")
    private String command = "";

    @Parameters(index = "2..*", arity = "0..*", paramLabel = "ARGUMENT", description = "Its arguments.")
    private List<String> arguments = List.of();

    /** What follows the image is the job's, whatever it looks like. */
    @Spec
    void stopAtImage(CommandSpec spec) {
        spec.parser().stopAtPositional(true);
    }

    @Override
    int run(HostsOptions hosts) throws IOException {
        HostClient to = host != null ? hosts.host(host) : any(hosts.all());
        return System.console() != null ? withTerminal(to) : withPipes(to);
    }

    private static HostClient any(List<HostClient> hosts) {
        return hosts.get(ThreadLocalRandom.current().nextInt(hosts.size()));
    }

    private int withPipes(HostClient to) throws IOException {
        String id = JobId.random(to.hostId()).value();
        try (AttachedHostJob job = attach(to, id, Optional.empty())) {
            to.run(id, body(image, command, arguments, binds, Map.of(), false));
            job.awaitAttached();
            forwardSignals(job);
            forwardInput(job);
            return finish(job);
        }
    }

    private int withTerminal(HostClient to) throws IOException {
        TerminalSize size = JobTerminal.size();
        String id = JobId.random(to.hostId()).value();
        Map<String, String> env = Map.of(
                "COLUMNS", String.valueOf(size.columns()),
                "LINES", String.valueOf(size.lines()),
                "TERM", System.getenv().getOrDefault("TERM", "xterm"));
        try (AttachedHostJob job = attach(to, id, Optional.of(size))) {
            to.run(id, body(image, command, arguments, binds, env, true));
            job.awaitAttached();
            try (JobTerminal.Raw raw = JobTerminal.raw()) {
                Signal.handle(
                        new Signal("WINCH"),
                        signal -> inBackground(() -> {
                            job.resize(JobTerminal.size());
                            job.signal(WINDOW_CHANGED);
                        }));
                // Ctrl-C is a byte like any other now; these come from elsewhere
                forwardSignals(job);
                forwardInput(job);
                return finish(job);
            }
        }
    }

    private static AttachedHostJob attach(HostClient to, String id, Optional<TerminalSize> size) throws IOException {
        AttachedHostJob job = to.attach(id, new HostClient.Attach(true, false, true, false, size));
        if (job.awaitFirstAnswer()) {
            job.close();
            throw FlynnException.conflict("a job %s runs already".formatted(id));
        }
        return job;
    }

    private static int finish(AttachedHostJob job) throws IOException {
        return job.run((stream, bytes) -> {
                    PrintStream out = stream == OutputStreamKind.STDOUT ? System.out : System.err;
                    out.write(bytes, 0, bytes.length);
                    out.flush();
                })
                .orElse(0);
    }

    /** The request for the job. */
    static ObjectNode body(
            String image,
            String command,
            List<String> arguments,
            List<String> binds,
            Map<String, String> env,
            boolean terminal) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        String type = image.startsWith("host:") ? "host" : image.startsWith("builtin:") ? "builtin" : "docker";
        body.putObject("artifact").put("url", image).put("type", type);
        ObjectNode config = body.putObject("config");
        config.put("stdin", true).put("disable_log", true).put("tty", terminal);
        config.putArray("entry_point").add(command);
        ArrayNode cmd = config.putArray("cmd");
        arguments.forEach(cmd::add);
        ObjectNode variables = config.putObject("env");
        env.forEach(variables::put);
        ArrayNode mounts = config.putArray("mounts");
        for (String bind : binds) {
            int colon = bind.indexOf(':');
            if (colon < 1 || colon == bind.length() - 1) {
                throw FlynnException.invalid("--bind is SRC:DST, was \"%s\"".formatted(bind));
            }
            mounts.addObject()
                    .put("target", bind.substring(0, colon))
                    .put("location", bind.substring(colon + 1))
                    .put("writeable", true);
        }
        return body;
    }

    private void forwardInput(AttachedHostJob job) {
        inBackground(() -> {
            InputStream in = System.in;
            byte[] buffer = new byte[BUFFER_BYTES];
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                if (count > 0) {
                    job.stdin(buffer, count);
                }
            }
            job.closeStdin();
        });
    }

    /** The job gets the signals instead of this program, and ten seconds to end; then it is killed. */
    private void forwardSignals(AttachedHostJob job) {
        for (String name : List.of("INT", "TERM")) {
            Signal.handle(
                    new Signal(name),
                    signal -> inBackground(() -> {
                        job.signal(signal.getNumber());
                        TimeUnit.SECONDS.sleep(PATIENCE_SECONDS);
                        job.signal(KILL);
                    }));
        }
    }

    private interface Task {
        void run() throws IOException, InterruptedException;
    }

    private void inBackground(Task task) {
        threads.newThread(() -> {
                    try {
                        task.run();
                    } catch (IOException e) {
                        // the job has ended, or its connection broke: whoever reads its output tells that
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                })
                .start();
    }
}
