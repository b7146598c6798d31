package dev.flynn.containers.oci;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.json.FlynnJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Creates containers through conmon, which stays with each of them and does not need this process. */
record Conmon(OciTools tools, Layout layout, FlynnJson json) {

    private static final Pattern MESSAGE = Pattern.compile("msg=\"(.*)\"", Pattern.DOTALL);

    /** conmon answers on descriptor 3, which the JDK cannot open for it; the shell can, and becomes conmon. */
    private static final String ANSWER_ON_3 = "exec 3>&1 >/dev/null; _OCI_SYNCPIPE=3 exec \"$@\"";

    /**
     * Creates the container of a bundle; its main process waits to be released.
     *
     * @return conmon's process, a child of this one
     * @throws IOException with what the runtime said
     */
    Process create(JobSpec spec, JobDirectory directory) throws IOException {
        Process conmon = Shell.builder(commandLine(spec, directory))
                .redirectError(Redirect.to(directory.conmonMessages().toFile()))
                .start();
        try (var answer = new BufferedReader(new InputStreamReader(conmon.getInputStream(), StandardCharsets.UTF_8))) {
            String line = answer.readLine();
            JsonNode said = line == null ? null : json.readTree(line);
            if (said == null || said.path("data").asLong(-1) <= 0) {
                throw new IOException("the container cannot be created: "
                        + (said == null
                                ? messages(directory)
                                : said.path("message")
                                        .asText("for no reason told")
                                        .strip()));
            }
        }
        return conmon;
    }

    /** What the runtime means, out of the line of log that it says it with. */
    static String reason(String message) {
        Matcher line = MESSAGE.matcher(message);
        return line.find() ? line.group(1).replace("\\\"", "\"") : message.strip();
    }

    /** Whether a process is the conmon of a job. */
    static boolean isOf(long pid, JobId job) {
        return Arrays.asList(Proc.commandLine(pid)).contains("--cid=" + job);
    }

    private static String messages(JobDirectory directory) throws IOException {
        String text = JobDirectory.text(directory.conmonMessages()).orElse("").strip();
        return text.isEmpty() ? "conmon ended without a word" : text;
    }

    List<String> commandLine(JobSpec spec, JobDirectory directory) {
        String id = spec.id().value();
        List<String> line = new ArrayList<>(List.of(
                "/bin/sh",
                "-c",
                ANSWER_ON_3,
                "sh",
                tools.conmon().toString(),
                "--api-version=1",
                "--sync",
                "--cid=" + id,
                "--name=" + id,
                "--cuuid=" + id,
                "--bundle=" + directory.path(),
                "--runtime=" + tools.runtime(),
                "--runtime-arg=--root=" + layout.runtime(),
                "--container-pidfile=" + directory.containerPid(),
                "--conmon-pidfile=" + directory.conmonPid(),
                "--exit-dir=" + layout.exits(),
                "--log-path=k8s-file:" + directory.log(),
                "--no-sync-log",
                "--full-attach"));
        if (spec.stdin() || spec.tty().isPresent()) {
            line.add("--stdin");
        }
        if (spec.tty().isPresent()) {
            line.add("--terminal");
        }
        return line;
    }
}
