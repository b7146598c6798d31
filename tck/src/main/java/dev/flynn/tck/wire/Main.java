package dev.flynn.tck.wire;

import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apiguardian.api.API;

/** The program {@code java -jar flynn-tck.jar}; {@code --help} says what it takes. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public final class Main {

    private static final int GOOD = 0;
    private static final int BAD = 1;
    private static final int USAGE = 2;

    private Main() {}

    public static void main(String[] arguments) {
        System.exit(run(List.of(arguments), System.getenv(), System.out, System.err));
    }

    /** Runs the program and gives its exit status. */
    static int run(List<String> arguments, Map<String, String> environment, PrintStream out, PrintStream err) {
        try {
            Options options = Options.of(arguments, environment);
            if (options.help() || arguments.isEmpty()) {
                out.print(Options.USAGE);
                return options.help() ? GOOD : USAGE;
            }
            if (options.list()) {
                new WireSuite(options.target().orElseGet(Main::nobody), options.settings())
                        .list()
                        .forEach(out::println);
                return GOOD;
            }
            return run(options, options.target().orElseThrow(), out, err);
        } catch (Options.Wrong e) {
            err.println("error: " + e.getMessage());
            return USAGE;
        } catch (IOException e) {
            err.println("error: a report could not be written: " + e.getMessage());
            return USAGE;
        }
    }

    private static Target nobody() {
        return new Target(URI.create("https://controller.example.com"), "", Trust.system(), Optional.empty());
    }

    private static int run(Options options, Target target, PrintStream out, PrintStream err) throws IOException {
        reach(target);
        var suite = new WireSuite(target, options.settings());
        var cleaner = new Thread(suite::clean, "tck-clean");
        Runtime.getRuntime().addShutdownHook(cleaner);
        Report report = suite.run(options.verbose() ? tell(err) : result -> {});
        forget(cleaner);
        write(options, report);
        out.print(options.json() ? JsonReport.of(report) : TextReport.of(report));
        out.flush();
        return report.isGood() ? GOOD : BAD;
    }

    private static void forget(Thread cleaner) {
        try {
            Runtime.getRuntime().removeShutdownHook(cleaner);
        } catch (IllegalStateException e) {
            // the program is being ended, and it cleans
        }
    }

    /** A cluster that cannot be reached, or whose key it is not, is said at once, not by each check. */
    private static void reach(Target target) {
        try {
            var client = new WireClient(target, exchange -> {});
            Answer answer = client.send(client.authorized(Request.of("GET", "/apps")));
            if (answer.status() == 401) {
                throw new Options.Wrong("the controller at %s does not accept the key".formatted(target.url()));
            }
        } catch (ContractBroken e) {
            throw new Options.Wrong(
                    "the controller at %s cannot be reached: %s".formatted(target.address(), e.getMessage()));
        }
    }

    private static Consumer<Result> tell(PrintStream err) {
        return result -> err.printf(
                "%-8s %s%s%n",
                result.outcome().title(), result.check(), result.message().isEmpty() ? "" : ": " + result.message());
    }

    private static void write(Options options, Report report) throws IOException {
        for (Map.Entry<String, Path> each : options.reports().entrySet()) {
            String text = switch (each.getKey()) {
                case "html" -> HtmlReport.of(report);
                case "junit" -> JUnitReport.of(report);
                default -> MarkdownReport.of(report);
            };
            Files.writeString(each.getValue(), text);
        }
    }
}
