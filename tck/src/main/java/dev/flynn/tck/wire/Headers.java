package dev.flynn.tck.wire;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Header fields in the order in which they are sent; names are found whatever their case. */
record Headers(List<Field> fields) {

    record Field(String name, String value) {}

    Headers {
        fields = List.copyOf(fields);
    }

    static Headers none() {
        return new Headers(List.of());
    }

    Headers with(String name, String value) {
        var all = new ArrayList<>(without(name).fields);
        all.add(new Field(name, value));
        return new Headers(all);
    }

    Headers without(String name) {
        return new Headers(fields.stream()
                .filter(field -> !field.name().equalsIgnoreCase(name))
                .collect(Collectors.toList()));
    }

    Optional<String> first(String name) {
        return fields.stream()
                .filter(field -> field.name().equalsIgnoreCase(name))
                .map(Field::value)
                .findFirst();
    }

    boolean has(String name) {
        return first(name).isPresent();
    }
}
