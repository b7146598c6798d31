package dev.flynn.cli;

import dev.flynn.api.id.JobId;
import dev.flynn.api.volume.Volume;
import java.time.Instant;
import java.util.List;

/** {@code flynn volume}: what an app's jobs keep when they end. */
final class VolumeCommand implements Command {

    @Override
    public Syntax syntax() {
        return Syntax.of(
                List.of(Option.flag("json")),
                Form.of("", 0, 0, "json"),
                Form.of("show", 1, 1, "json"),
                Form.of("decommission", 1, 1, "json"));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        String app = context.app();
        switch (arguments.form()) {
            case "show" -> show(context, context.controller().volume(app, arguments.value(0)), arguments.has("json"));
            case "decommission" -> {
                Volume volume = context.controller().decommissionVolume(app, arguments.value(0));
                String time = volume.decommissionedAt().map(Instant::toString).orElse("");
                if (arguments.has("json")) {
                    context.printJson(volume);
                } else {
                    context.console().print("volume %s successfully decommissioned at %s".formatted(volume.id(), time));
                }
            }
            default -> list(context, context.controller().volumes(app), arguments.has("json"));
        }
        return 0;
    }

    private static void list(Context context, List<Volume> volumes, boolean asJson) {
        if (asJson) {
            context.printJson(volumes);
            return;
        }
        Instant now = Instant.now();
        Table table = new Table().row("ID", "HOST", "STATE", "ATTACHED JOB", "CREATED", "DECOMMISSIONED");
        for (Volume volume : volumes) {
            table.row(
                    volume.id(),
                    volume.hostId(),
                    volume.state(),
                    volume.job().map(JobId::value).orElse(""),
                    Ages.ago(volume.createdAt(), now),
                    Ages.ago(volume.decommissionedAt(), now));
        }
        table.print(context.console());
    }

    private static void show(Context context, Volume volume, boolean asJson) {
        if (asJson) {
            context.printJson(volume);
            return;
        }
        new Table()
                .row("ID:", volume.id())
                .row("Host:", volume.hostId())
                .row("Type:", volume.type())
                .row("State:", volume.state())
                .row("Job:", volume.job().map(JobId::value).orElse(""))
                .row("Job Type:", volume.jobType().orElse(""))
                .row("Path:", volume.path())
                .row("Created At:", volume.createdAt().toString())
                .row(
                        "Decommissioned:",
                        volume.decommissionedAt().map(Instant::toString).orElse(""))
                .print(context.console());
    }
}
