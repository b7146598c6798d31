package dev.flynn.configurator;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;

/** From a document without macros to the text that a program reads. */
public interface Transformer {

    /** @throws Refusal if the document cannot be written so, with the reason */
    String transform(JsonNode document);

    /** Those that are built in, by name. */
    Map<String, Transformer> BUILT_IN = Map.of(
            "nginx", new NginxTransformer(),
            "haproxy", new HaproxyTransformer(),
            "toml", new TomlTransformer());

    /** One that is built in, or a command that reads JSON and writes the text; if it fails, what it said is the reason. */
    static Transformer named(String nameOrCommand) {
        Transformer builtIn = BUILT_IN.get(nameOrCommand);
        if (builtIn != null) {
            return builtIn;
        }
        Tool tool = Tool.of(nameOrCommand);
        return document -> {
            Tool.Result result = tool.run(document.toString(), Map.of());
            if (result.status() != 0) {
                throw Refusal.invalid(String.join("", List.of(result.error(), result.output())));
            }
            return result.output();
        };
    }
}
