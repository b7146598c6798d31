package dev.flynn.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The user's git, run where the user stands. */
final class Git {

    private static final String PUSH = " (push)";

    private final Environment environment;

    Git(Environment environment) {
        this.environment = environment;
    }

    /**
     * What a run of git left.
     *
     * @param status {@link #NO_GIT} when there is no git
     */
    private record Result(int status, String output) {

        static final int NO_GIT = -1;

        boolean isOk() {
            return status == 0;
        }
    }

    boolean isInstalled() {
        return run("--version").isOk();
    }

    boolean isInRepository() {
        return mayBeInRepository() && run("rev-parse", "--git-dir").isOk();
    }

    /** Spares a process where there is clearly no repository, because every command asks. */
    private boolean mayBeInRepository() {
        if (environment.variable("GIT_DIR").isPresent()) {
            return true;
        }
        for (Path directory = environment.directory(); directory != null; directory = directory.getParent()) {
            // a bare repository has its HEAD right here
            if (Files.exists(directory.resolve(".git")) || Files.exists(directory.resolve("HEAD"))) {
                return true;
            }
        }
        return false;
    }

    Optional<String> config(String key) {
        if (!mayBeInRepository()) {
            return Optional.empty();
        }
        Result result = run("config", key);
        return result.isOk() ? Optional.of(result.output().strip()) : Optional.empty();
    }

    Optional<String> remoteUrl(String remote) {
        return config("remote." + remote + ".url");
    }

    /** Where each remote's pushes go, in git's order; empty outside of a repository. */
    Optional<Map<String, String>> pushRemotes() {
        if (!mayBeInRepository()) {
            return Optional.empty();
        }
        Result result = run("remote", "-v");
        return result.isOk() ? Optional.of(parseRemotes(result.output())) : Optional.empty();
    }

    static Map<String, String> parseRemotes(String output) {
        Map<String, String> remotes = new LinkedHashMap<>();
        output.lines().filter(line -> line.endsWith(PUSH)).forEach(line -> {
            int tab = line.indexOf('\t');
            if (tab > 0) {
                remotes.putIfAbsent(line.substring(0, tab), line.substring(tab + 1, line.length() - PUSH.length()));
            }
        });
        return remotes;
    }

    boolean hasRemote(String remote) {
        return run("remote").output().lines().anyMatch(remote::equals);
    }

    void addRemote(String remote, String url) {
        Result result = run("remote", "add", "--", remote, url);
        if (!result.isOk()) {
            throw new CliException("git remote add failed: " + result.output().strip());
        }
    }

    /** Removes a remote; one that is not there is no failure. */
    void removeRemote(String remote) {
        run("remote", "remove", remote);
    }

    void setGlobal(String key, String value) {
        Result result = run("config", "--global", key, value);
        if (!result.isOk()) {
            throw new CliException("git config failed: " + result.output().strip());
        }
    }

    /** Removes a global setting; one that is not there is no failure. */
    void unsetGlobal(String key) {
        run("config", "--global", "--unset-all", key);
    }

    /** Removes global settings; a section that is not there is no failure. */
    void removeGlobalSection(String section) {
        run("config", "--global", "--remove-section", section);
    }

    private Result run(String... args) {
        List<String> command = new ArrayList<>();
        command.add("git");
        command.addAll(List.of(args));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(environment.directory().toFile())
                .redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().putAll(environment.variables());
        try {
            Process process = builder.start();
            process.getOutputStream().close();
            try (InputStream output = process.getInputStream()) {
                String text = new String(output.readAllBytes(), StandardCharsets.UTF_8);
                return new Result(process.waitFor(), text);
            }
        } catch (IOException e) {
            return new Result(Result.NO_GIT, "");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CliException("interrupted", e);
        }
    }
}
