package dev.flynn.distro.jobs;

import dev.flynn.distro.VersionCommand;
import java.io.IOException;
import java.time.LocalDateTime;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What people need to find out what is wrong. */
@Command(
        name = "collect-debug-info",
        description =
                "Writes an archive with what is needed to find out what is wrong with a host: the machine, the jobs, what the platform's own jobs wrote. Without environments and without what users' apps wrote, unless asked for; what looks like a secret is blacked out. Look into it before you send it to somebody.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", "Example: flynn-host collect-debug-info --job-lines 200"})
public final class CollectDebugInfoCommand extends JobCommand {

    private static final DateTimeFormatter TERMINAL = DateTimeFormatter.ofPattern("MM-dd|HH:mm:ss");
    private static final DateTimeFormatter LOGFMT = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ssZ");

    @Option(names = "--tarball", description = "Write an archive. There is nothing else: nothing is uploaded.")
    private boolean tarball;

    @Option(names = "--include-env", description = "With the environments of jobs, and the secrets in them.")
    private boolean includeEnv;

    @Option(names = "--include-logs", description = "With what the jobs of all apps wrote.")
    private boolean includeLogs;

    @Option(
            names = "--job-lines",
            paramLabel = "NUM",
            defaultValue = "1000",
            description = "The last so many lines of each job (default: ${DEFAULT-VALUE}).")
    private int jobLines = 1000;

    @Override
    int run(HostsOptions hosts) throws IOException {
        say("info", "generating a tarball containing logs and debug information");
        say("info", "this may take a while depending on the size of your logs");
        var scope = new DebugInfo.Scope(includeEnv, includeLogs, Math.max(0, jobLines));
        Map<String, byte[]> files =
                new DebugInfo(scope, hosts.dataDirectory(), VersionCommand.version(), this::say).collect(hosts);
        say("info", "created tarball containing debug information path=" + DebugInfo.write(files));
        return 0;
    }

    private void say(String level, String message) {
        out().println(
                        System.console() != null
                                ? "%s[%s] %s"
                                        .formatted(
                                                level.toUpperCase(Locale.ROOT),
                                                TERMINAL.format(LocalDateTime.now()),
                                                message)
                                : "t=%s lvl=%s msg=\"%s\""
                                        .formatted(
                                                LOGFMT.format(ZonedDateTime.now()),
                                                level,
                                                message.replace("\"", "\\\"")));
        out().flush();
    }
}
