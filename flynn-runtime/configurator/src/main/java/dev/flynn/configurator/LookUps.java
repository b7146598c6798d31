package dev.flynn.configurator;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Where macros get their values, and a memory of what they got: a configuration is stale once one of the same questions has
 * another answer.
 */
final class LookUps implements MacroSource {

    private final ConfigStore store;
    private final Services services;
    private final Function<String, Optional<String>> environment;
    private final ValueFiles files;
    private final Map<String, Answer> answers = new HashMap<>();

    private record Answer(Object value, Supplier<Object> again) {}

    LookUps(ConfigStore store, Services services, Function<String, Optional<String>> environment, ValueFiles files) {
        this.store = store;
        this.services = services;
        this.environment = environment;
        this.files = files;
    }

    @Override
    public Optional<String> value(String path) {
        return ask("value " + path, () -> store.value(path));
    }

    @Override
    public List<String> keys(String path) {
        return ask("keys " + path, () -> store.keys(path));
    }

    @Override
    public Optional<String> environment(String name) {
        return environment.apply(name);
    }

    @Override
    public List<String> service(String name) {
        return ask("service " + name, () -> services.addresses(name));
    }

    @Override
    public Path file(String path, String content) {
        return files.write(path, content);
    }

    private <T> T ask(String question, Supplier<T> answer) {
        T value = answer.get();
        answers.put(question, new Answer(value, answer::get));
        return value;
    }

    /** Whether any of what was asked is another thing by now. */
    boolean areStale() {
        return answers.values().stream()
                .anyMatch(answer -> !answer.value().equals(answer.again().get()));
    }

    /** What the configuration names stays, other files go. */
    void keepFiles() {
        files.keepNewest();
    }
}
