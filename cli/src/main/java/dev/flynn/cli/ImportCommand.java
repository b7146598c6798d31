package dev.flynn.cli;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;

/** {@code flynn import}: an app from an archive. */
final class ImportCommand implements Command {

    @Override
    public Syntax syntax() {
        return Syntax.of(
                List.of(
                        Option.value('f', "file"),
                        Option.value('n', "name"),
                        Option.flag('q', "quiet"),
                        Option.flag('r', "routes"),
                        Option.flag("json")),
                Form.of("", 0, 0, "file", "name", "quiet", "routes", "json"));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        var progress = new Progress(context.console(), arguments.has("quiet"));
        try (InputStream in = open(context, arguments.option("file"));
                AppArchive archive = AppArchive.read(in, progress)) {
            AppImport.Imported imported = new AppImport(context.controller(), archive, progress)
                    .run(arguments.option("name"), arguments.has("routes"));
            if (arguments.has("json")) {
                context.printJson(context.controller().app(imported.app().id().toString()));
            } else {
                context.console()
                        .print("Imported %s (added %d routes, provisioned 0 resources)"
                                .formatted(imported.app().name(), imported.routes()));
            }
            return 0;
        } catch (IOException e) {
            throw new CliException("error importing app: " + FileProblem.of(e), e);
        }
    }

    private static InputStream open(Context context, Optional<String> file) throws IOException {
        if (file.isPresent()) {
            return new BufferedInputStream(
                    Files.newInputStream(context.environment().directory().resolve(file.get())));
        }
        if (context.console().terminals().contains("i")) {
            throw new CliException("say which archive: with -f, or with <");
        }
        return new BufferedInputStream(context.console().in());
    }
}
