package dev.flynn.distro;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The images that apps are built and run on. */
@Command(
        name = "stack",
        description = "Makes the images that apps are built and run on.",
        mixinStandardHelpOptions = true,
        subcommands = StackCommand.Build.class,
        footer = {"", "Example: flynn-host stack build /srv/images/stack.tar"})
final class StackCommand implements Runnable {

    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public void run() {
        var command = Objects.requireNonNull(spec).commandLine();
        command.usage(command.getOut());
    }

    /** Has the program {@code build-stack} do it, which stands beside this one. */
    @Command(
            name = "build",
            description =
                    "Makes a stack: a Debian of the packages that are named and no others, as an OCI layout or, if the name ends with .tar, as an archive, which Docker reads too. Prints its URI. The same packages make the same image.",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            footer = {
                "",
                "Example: flynn-host stack build --add build-essential --cache /var/cache/stack /srv/images/stack.tar",
                "         flynn-host up --backend oci --stack docker-archive:/srv/images/stack.tar",
                "Needs root and debootstrap, and minutes."
            })
    static final class Build implements Callable<Integer> {

        @Option(names = "--suite", paramLabel = "SUITE", description = "Of Debian (default: bookworm).")
        private @Nullable String suite;

        @Option(
                names = "--mirror",
                paramLabel = "URL",
                description =
                        "Of Debian; also file:///DIR, with nothing fetched from elsewhere (default: http://deb.debian.org/debian).")
        private @Nullable String mirror;

        @Option(
                names = "--packages",
                paramLabel = "A,B,…",
                description =
                        "In place of the usual ones: shell, git, curl, Node.js, Python, Perl and what belongs to them.")
        private @Nullable String packages;

        @Option(names = "--add", paramLabel = "A,B,…", description = "Packages beside them.")
        private @Nullable String added;

        @Option(
                names = "--source",
                paramLabel = "LINE",
                description =
                        "Of sources.list, beside the mirror; may be given several times (default: updates and security updates, if the mirror is the usual one).")
        private List<String> sources = List.of();

        @Option(names = "--cache", paramLabel = "DIR", description = "Keeps downloaded packages for the next time.")
        private @Nullable String cache;

        @Option(
                names = "--keyring",
                paramLabel = "FILE",
                description = "What the mirror's signatures are checked with.")
        private @Nullable String keyring;

        @Option(names = "--no-check-signature", description = "Trust the mirror, whatever it says.")
        private boolean unchecked;

        @Option(names = "--quiet", description = "Say nothing of how far it is.")
        private boolean quiet;

        @Parameters(
                paramLabel = "DIR[:TAG] | FILE.tar[:TAG]",
                description = "Where it is written; must not be there yet.")
        private String target = "";

        @Override
        public Integer call() {
            Path program = program();
            try {
                return new ProcessBuilder(commandLine(program))
                        .inheritIO()
                        .start()
                        .waitFor();
            } catch (IOException e) {
                throw FlynnException.unavailable("cannot run %s: %s".formatted(program, e.getMessage()), e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return 130;
            }
        }

        List<String> commandLine(Path program) {
            List<String> command = new ArrayList<>(List.of(program.toString()));
            addOption(command, "--suite", suite);
            addOption(command, "--mirror", mirror);
            addOption(command, "--packages", packages);
            addOption(command, "--add", added);
            sources.forEach(source -> addOption(command, "--source", source));
            addOption(command, "--cache", cache);
            addOption(command, "--keyring", keyring);
            if (unchecked) {
                command.add("--no-check-signature");
            }
            if (quiet) {
                command.add("--quiet");
            }
            command.add(target);
            return command;
        }

        private static void addOption(List<String> command, String option, @Nullable String value) {
            if (value != null) {
                command.addAll(List.of(option, value));
            }
        }

        private static Path program() {
            Path program = Path.of(System.getProperty("flynn.home", "."), "bin", "build-stack");
            if (!Files.isExecutable(program)) {
                throw FlynnException.unavailable(
                        "%s is missing: it belongs to the distribution of flynn-host".formatted(program), null);
            }
            return program;
        }
    }
}
