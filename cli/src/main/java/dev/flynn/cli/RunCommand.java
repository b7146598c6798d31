package dev.flynn.cli;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.NewJob;
import dev.flynn.api.release.Release;
import dev.flynn.client.AttachedJob;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code flynn run}: a one-off job, with this terminal, these pipes, or in the background. */
final class RunCommand implements Command {

    @Override
    public Syntax syntax() {
        return Syntax.of(
                        List.of(
                                Option.flag('d', "detached"),
                                Option.value('r', "release"),
                                Option.value('e', "entrypoint"),
                                Option.flag('l', "enable-log"),
                                Option.value("limits"),
                                Option.flag("json")),
                        Form.atLeast("", 1, "detached", "release", "entrypoint", "enable-log", "limits", "json"))
                .endingOptionsAtFirstValue();
    }

    @Override
    public int run(Context context, Arguments arguments) {
        if (arguments.has("json") && !arguments.has("detached")) {
            throw new CliException("ERROR: --json needs --detached: what an attached job prints is its own");
        }
        String app = context.app();
        ReleaseId release = arguments.option("release").map(ReleaseId::of).orElseGet(() -> current(context));
        try {
            return run(context, app, arguments, release);
        } catch (FlynnException e) {
            if (e.code() == ErrorCode.OBJECT_NOT_FOUND) {
                requireImage(context, release);
            }
            throw e;
        }
    }

    private static int run(Context context, String app, Arguments arguments, ReleaseId release) {
        if (arguments.has("detached")) {
            NewJob job = job(arguments, release, Optional.empty(), Map.of());
            if (arguments.has("json")) {
                context.console()
                        .print(context.controller().runJobJson(app, job).strip());
            } else {
                context.console().tell(context.controller().runJob(app, job).value());
            }
            return 0;
        }
        return attached(context, app, arguments, release);
    }

    private static int attached(Context context, String app, Arguments arguments, ReleaseId release) {
        try {
            return context.console().isInteractive()
                    ? withTerminal(context, app, arguments, release)
                    : withPipes(context, app, arguments, release);
        } catch (IOException e) {
            throw new CliException("the job's connection broke: " + e.getMessage(), e);
        }
    }

    private static ReleaseId current(Context context) {
        return context.currentRelease()
                .map(Release::id)
                .orElseThrow(() -> new CliException("No app release, specify a release with -release"));
    }

    private static void requireImage(Context context, ReleaseId id) {
        Release release = context.controller()
                .findRelease(id)
                .orElseThrow(() -> new CliException(
                        "there is no release \"%s\"; 'flynn release' lists those of the app".formatted(id)));
        if (release.artifacts().isEmpty()) {
            throw new CliException("App release has no image, push a release first");
        }
    }

    static NewJob job(Arguments arguments, ReleaseId release, Optional<TerminalSize> size, Map<String, String> env) {
        return new NewJob(
                Optional.of(release),
                Optional.empty(),
                true,
                arguments.values(),
                arguments.option("entrypoint").map(List::of).orElse(List.of()),
                env,
                Map.of(),
                size.isPresent(),
                size.map(TerminalSize::columns).orElse(0),
                size.map(TerminalSize::lines).orElse(0),
                !arguments.has("detached") && !arguments.has("enable-log"),
                arguments
                        .option("limits")
                        .map(limits -> LimitCommand.parse(List.of(limits.split(",", -1))))
                        .orElse(Map.of()));
    }

    private static int withPipes(Context context, String app, Arguments arguments, ReleaseId release)
            throws IOException {
        NewJob job = job(arguments, release, Optional.empty(), Map.of());
        try (AttachedJob attached = context.controller().attachJob(app, job)) {
            var input = new JobInput(attached);
            input.forwardSignals("INT", "TERM");
            input.forward(context.console().in());
            return attached.run(output(context.console()));
        }
    }

    private static int withTerminal(Context context, String app, Arguments arguments, ReleaseId release)
            throws IOException {
        var terminal = new Terminal();
        TerminalSize size = terminal.size();
        Map<String, String> env = Map.of(
                "COLUMNS", String.valueOf(size.columns()),
                "LINES", String.valueOf(size.lines()),
                "TERM", context.environment().variable("TERM").orElse("xterm"));
        NewJob job = job(arguments, release, Optional.of(size), env);
        try (AttachedJob attached = context.controller().attachJob(app, job);
                Terminal.Raw raw = terminal.raw()) {
            var input = new JobInput(attached);
            input.forwardResizing(terminal);
            // Ctrl-C is a byte like any other now; these come from elsewhere
            input.forwardSignals("INT", "TERM");
            input.forward(context.console().in());
            return attached.run(output(context.console()));
        }
    }

    private static AttachedJob.Output output(Console console) {
        return (stream, bytes) -> {
            PrintStream to = stream == OutputStreamKind.STDOUT ? console.out() : console.err();
            to.write(bytes, 0, bytes.length);
            to.flush();
        };
    }
}
