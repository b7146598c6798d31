package dev.flynn.distro.jobs;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The images of hosts. */
@Command(
        name = "image",
        description = "Lists, fetches and deletes the images that hosts have for their jobs (--backend oci).",
        mixinStandardHelpOptions = true,
        subcommands = {ImageListCommand.class, ImagePullCommand.class, ImageRemoveCommand.class},
        footer = {"", "Example: flynn-host image list"})
public final class ImageCommand implements Runnable {

    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public void run() {
        var command = Objects.requireNonNull(spec).commandLine();
        command.usage(command.getOut());
    }
}
