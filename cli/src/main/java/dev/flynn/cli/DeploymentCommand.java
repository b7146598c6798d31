package dev.flynn.cli;

import dev.flynn.api.app.App;
import dev.flynn.api.deployment.Deployment;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.DeploymentId;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code flynn deployment}. */
final class DeploymentCommand implements Command {

    private static final String BATCH_SIZE = "flynn-deploy-batch-size";

    @Override
    public Syntax syntax() {
        return Syntax.of(
                List.of(Option.flag("json")),
                Form.of("", 0, 0, "json"),
                Form.of("timeout", 0, 1, "json"),
                Form.of("batch-size", 0, 1, "json"),
                Form.of("cancel", 0, 1, "json"),
                Form.of("promote", 0, 1, "json"));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        String app = context.app();
        switch (arguments.form()) {
            case "timeout" -> timeout(context, app, arguments);
            case "batch-size" -> batchSize(context, app, arguments);
            case "cancel" -> cancel(context, app, arguments);
            case "promote" -> promote(context, app, arguments);
            default -> list(context, app, arguments.has("json"));
        }
        return 0;
    }

    private static void list(Context context, String app, boolean asJson) {
        List<Deployment> deployments = context.controller().deployments(app);
        if (asJson) {
            context.printJson(deployments);
            return;
        }
        Table table = new Table().row("ID", "STATUS", "CREATED", "FINISHED");
        Instant now = Instant.now();
        for (Deployment deployment : deployments) {
            table.row(
                    deployment.id().toString(),
                    deployment.status().wireName(),
                    Ages.ago(deployment.createdAt(), now),
                    Ages.ago(deployment.finishedAt(), now));
        }
        table.print(context.console());
    }

    /** How deployments of an app go on. */
    record Pace(int deployTimeout, Optional<Integer> batchSize) {

        static Pace of(App app) {
            return new Pace(
                    app.deployTimeout(),
                    Optional.ofNullable(app.meta().get(BATCH_SIZE))
                            .filter(size -> size.matches("\\d{1,9}"))
                            .map(Integer::valueOf));
        }
    }

    private static void timeout(Context context, String app, Arguments arguments) {
        Optional<String> seconds = arguments.optionalValue(0);
        App now = seconds.isPresent()
                ? context.controller().updateApp(app, Map.of("deploy_timeout", positive(seconds.get())))
                : context.controller().app(app);
        if (arguments.has("json")) {
            context.printJson(Pace.of(now));
        } else if (seconds.isEmpty()) {
            context.console().print(String.valueOf(now.deployTimeout()));
        }
    }

    private static void batchSize(Context context, String app, Arguments arguments) {
        Optional<String> size = arguments.optionalValue(0);
        App now = context.controller().app(app);
        if (size.isPresent()) {
            Map<String, String> meta = new HashMap<>(now.meta());
            meta.put(BATCH_SIZE, String.valueOf(positive(size.get())));
            now = context.controller().setMeta(app, meta);
        }
        if (arguments.has("json")) {
            context.printJson(Pace.of(now));
        } else if (size.isEmpty()) {
            context.console().print(now.meta().getOrDefault(BATCH_SIZE, "not set"));
        }
    }

    /** Returns when the former formation is back. */
    private static void cancel(Context context, String app, Arguments arguments) {
        DeploymentId deployment = chosen(context, app, arguments.optionalValue(0));
        Deployment cancelled = context.controller().cancelDeployment(app, deployment);
        try {
            context.controller().await(app, cancelled, step -> {});
        } catch (FlynnException failed) {
            if (failed.code() != ErrorCode.VALIDATION) {
                throw failed;
            }
            tellDone(
                    context,
                    arguments,
                    app,
                    cancelled,
                    "Deployment " + deployment + " failed: " + failed.getMessage() + ".");
            return;
        }
        throw new CliException("deployment " + deployment + " was complete before it could be cancelled");
    }

    private static void promote(Context context, String app, Arguments arguments) {
        DeploymentId deployment = chosen(context, app, arguments.optionalValue(0));
        Deployment promoted = context.controller().promoteDeployment(app, deployment);
        context.controller().await(app, promoted, step -> {});
        tellDone(context, arguments, app, promoted, "Deployment " + deployment + " is complete.");
    }

    /** Tells of a deployment that was waited for. */
    static void tellDone(Context context, Arguments arguments, String app, Deployment begun, String line) {
        if (!arguments.has("json")) {
            context.console().tell(line);
            return;
        }
        context.printJson(context.controller().deployments(app).stream()
                .filter(deployment -> deployment.id().equals(begun.id()))
                .findFirst()
                .orElse(begun));
    }

    /** The one that is given, or the one that is under way. */
    private static DeploymentId chosen(Context context, String app, Optional<String> id) {
        return id.map(DeploymentId::of)
                .orElseGet(() -> context.controller().deployments(app).stream()
                        .filter(deployment -> !deployment.status().isFinished())
                        .findFirst()
                        .map(Deployment::id)
                        .orElseThrow(() -> new CliException("no deployment of " + app + " is under way")));
    }

    private static int positive(String text) {
        try {
            int number = Integer.parseInt(text);
            if (number > 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // told below
        }
        throw new CliException("\"" + text + "\" is no number above zero");
    }
}
