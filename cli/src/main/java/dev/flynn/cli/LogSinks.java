package dev.flynn.cli;

import dev.flynn.api.log.Sink;
import dev.flynn.json.FlynnJson;
import java.util.List;

/** {@code flynn cluster log-sink}: where logs are sent beside the cluster's own aggregators. */
final class LogSinks {

    private LogSinks() {}

    static void list(Context context, boolean asJson) {
        List<Sink> sinks = context.controller().sinks();
        if (asJson) {
            context.printJson(sinks);
            return;
        }
        var json = new FlynnJson();
        Table table = new Table().row("ID", "KIND", "CONFIG");
        sinks.forEach(sink -> table.row(sink.id(), sink.kind(), json.write(sink.config())));
        table.print(context.console());
    }

    /** What the cluster cannot do, it says. */
    static void add(Context context, Arguments arguments) {
        var config = new Sink.Config(
                arguments.value(0),
                arguments.optionalValue(1).orElse(""),
                arguments.has("use-ids"),
                arguments.has("insecure"),
                false,
                arguments.option("format").orElse(""));
        Sink sink = context.controller().createSink(Sink.SYSLOG, config);
        context.tellDone(arguments, sink, "Created sink " + sink.id() + ".");
    }

    static void remove(Context context, Arguments arguments) {
        Sink sink = context.controller().deleteSink(arguments.value(0));
        context.tellDone(arguments, sink, "Deleted sink " + sink.id() + ".");
    }
}
