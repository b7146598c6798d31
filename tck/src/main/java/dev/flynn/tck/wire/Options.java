package dev.flynn.tck.wire;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The words of the command line. */
record Options(
        Optional<Target> target,
        Settings settings,
        Map<String, Path> reports,
        boolean json,
        boolean list,
        boolean help,
        boolean verbose) {

    static final String USAGE = """
            Looks at a cluster's HTTP API from outside: is it what clients rely on?

              java -jar flynn-tck.jar --url URL --key KEY [options]

              --url URL              of the controller: https://controller.example.com
              --key KEY              that the controller accepts; or the variable FLYNN_KEY
              --pin FINGERPRINT      SHA-256 of the certificate, as `flynn cluster add -p` takes it
              --ca FILE              or the authority of the certificate, in PEM
              --insecure             or any certificate
              --resolve HOST:PORT    connect to this address instead of the URL's

              --profile NAME         core: what every client needs; full (default): the contract of 2015;
                                     2021: and what clients of 2021 send and read
              --only GLOB[,GLOB]     only checks whose id matches: 'apps/*', '*/event'
              --skip GLOB[,GLOB]     but not these: '*/keep-alive'
              --list                 print the checks and make none
              --artifact-type TYPE   of an image with /bin/sh, for checks that run jobs (host)
              --artifact-uri URI     of that image (host:slugrunner)
              --no-jobs              start no jobs
              --callback-host HOST   under which the cluster reaches this machine (127.0.0.1), for checks of
                                     providers: this program is one
              --patience SECONDS     how long what has to happen may take (60)

              --html FILE            a report as one page
              --junit FILE           as JUnit XML
              --markdown FILE        as Markdown, without what failed requests were answered
              --json                 as JSON, on standard output
              --verbose              a line for each check as it is made

            What it makes is named tck-… and is deleted at the end, also after Ctrl-C. The exit status is 0 if all is
            as it should be, 1 if not, 2 if the command line is wrong or the cluster cannot be reached.

            Example:
              java -jar flynn-tck.jar --url https://controller.example.com --key 0b9d6c2a --pin 'iV0…=' --html report.html
            """;

    Options {
        reports = Map.copyOf(reports);
    }

    /** Thrown with a sentence for whoever typed it. */
    static final class Wrong extends RuntimeException {

        private static final long serialVersionUID = 1;

        Wrong(String message) {
            super(message, null, false, false);
        }
    }

    static Options of(List<String> words, Map<String, String> environment) {
        var parser = new Parser(words);
        parser.parse();
        return parser.options(environment);
    }

    private static final class Parser {

        private final Deque<String> words;
        private final Map<String, String> values = new HashMap<>();
        private final Map<String, Path> reports = new HashMap<>();
        private Settings settings = Settings.DEFAULTS;
        private Optional<Trust> trust = Optional.empty();
        private boolean json;
        private boolean list;
        private boolean help;
        private boolean verbose;

        private Parser(List<String> words) {
            this.words = new ArrayDeque<>(words);
        }

        private void parse() {
            while (!words.isEmpty()) {
                String word = words.remove();
                switch (word) {
                    case "--url", "--key", "--resolve", "--artifact-type", "--artifact-uri" ->
                        values.put(word, next(word));
                    case "--pin" -> trust = Optional.of(Trust.pin(next(word)));
                    case "--ca" -> trust = Optional.of(authorities(next(word)));
                    case "--insecure" -> trust = Optional.of(Trust.anybody());
                    case "--profile" -> settings = settings.withProfile(profile(next(word)));
                    case "--only" -> settings = settings.withOnly(next(word));
                    case "--skip" -> settings = settings.withSkip(next(word));
                    case "--no-jobs" -> settings = settings.withoutJobs();
                    case "--callback-host" -> settings = settings.withCallbackHost(next(word));
                    case "--patience" -> settings = settings.withPatience(seconds(next(word)));
                    case "--html", "--junit", "--markdown" -> reports.put(word.substring(2), Path.of(next(word)));
                    case "--json" -> json = true;
                    case "--list" -> list = true;
                    case "--verbose" -> verbose = true;
                    case "-h", "--help" -> help = true;
                    default -> throw new Wrong("unknown option %s; see --help".formatted(word));
                }
            }
        }

        private String next(String word) {
            if (words.isEmpty()) {
                throw new Wrong(word + " needs a value; see --help");
            }
            return words.remove();
        }

        private static Profile profile(String name) {
            return Profile.named(name)
                    .orElseThrow(() -> new Wrong("--profile has to be core, full or 2021, not " + name));
        }

        private static Duration seconds(String text) {
            if (!text.matches("\\d{1,5}")) {
                throw new Wrong("--patience has to be a number of seconds, not " + text);
            }
            return Duration.ofSeconds(Integer.parseInt(text));
        }

        private static Trust authorities(String file) {
            try {
                return Trust.authorities(Path.of(file));
            } catch (IOException e) {
                throw new Wrong("--ca: " + e.getMessage());
            }
        }

        private Options options(Map<String, String> environment) {
            Settings all = settings.withArtifact(
                    values.getOrDefault("--artifact-type", settings.artifactType()),
                    values.getOrDefault("--artifact-uri", settings.artifactUri()));
            return new Options(target(environment), all, reports, json, list, help, verbose);
        }

        private Optional<Target> target(Map<String, String> environment) {
            String url = values.get("--url");
            if (help || url == null && list) {
                return Optional.empty();
            }
            String key = values.getOrDefault("--key", environment.getOrDefault("FLYNN_KEY", ""));
            if (url == null || key.isEmpty()) {
                throw new Wrong("--url and --key say which cluster is meant; see --help");
            }
            Optional<String> resolve = Optional.ofNullable(values.get("--resolve"));
            if (resolve.isPresent() && !resolve.get().matches(".+:\\d{1,5}")) {
                throw new Wrong("--resolve has to be HOST:PORT, not " + resolve.get());
            }
            try {
                return Optional.of(new Target(URI.create(url), key, trust.orElseGet(Trust::system), resolve));
            } catch (IllegalArgumentException e) {
                throw new Wrong("--url: " + e.getMessage());
            }
        }
    }
}
