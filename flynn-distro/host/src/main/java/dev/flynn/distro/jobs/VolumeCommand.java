package dev.flynn.distro.jobs;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The volumes of hosts. */
@Command(
        name = "volume",
        description = "Lists, makes, copies and deletes the volumes of hosts, in which the data of jobs is.",
        mixinStandardHelpOptions = true,
        subcommands = {
            VolumeListCommand.class,
            VolumeCreateCommand.class,
            VolumeDeleteCommand.class,
            VolumeGcCommand.class,
            VolumeSnapshotCommand.class,
            VolumeSendCommand.class
        },
        footer = {"", "Example: flynn-host volume list"})
public final class VolumeCommand implements Runnable {

    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public void run() {
        var command = Objects.requireNonNull(spec).commandLine();
        command.usage(command.getOut());
    }
}
