package dev.flynn.cli;

import dev.flynn.api.resource.Resource;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code flynn export}: an app as an archive. */
final class ExportCommand implements Command {

    @Override
    public Syntax syntax() {
        return Syntax.of(
                List.of(Option.value('f', "file"), Option.flag('q', "quiet"), Option.flag("json")),
                Form.of("", 0, 0, "file", "quiet", "json"));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        Console console = context.console();
        Optional<String> file = arguments.option("file");
        boolean asJson = arguments.has("json");
        if (file.isEmpty() && asJson) {
            throw new CliException("ERROR: --json needs --file: standard output is where the archive goes without it");
        }
        if (file.isEmpty() && console.terminals().contains("o")) {
            throw new CliException("an archive is nothing for a terminal: say where it goes with -f, or with >");
        }
        String app = context.app();
        var export = new AppExport(context.controller(), app);
        var progress = new Progress(console, arguments.has("quiet"));
        try {
            if (file.isPresent()) {
                Path archive = context.environment().directory().resolve(file.get());
                WholeFile.write(archive, out -> export.write(out, progress));
                if (asJson) {
                    context.printJson(Map.of("app", app, "file", archive.toString(), "bytes", Files.size(archive)));
                }
            } else {
                OutputStream out = console.out();
                export.write(out, progress);
                if (console.out().checkError()) {
                    throw new IOException("whoever reads it has gone");
                }
            }
        } catch (IOException e) {
            throw new CliException("error exporting app: " + FileProblem.of(e), e);
        }
        for (Resource resource : export.leftOut()) {
            console.tell("Not in the archive: resource %s, whose variables are. Add one after the import."
                    .formatted(resource.id()));
        }
        return 0;
    }
}
