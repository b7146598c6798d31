package dev.flynn.link.proof;

import dev.flynn.tck.history.LinearizabilityChecker;
import dev.flynn.tck.history.Register.Action;
import dev.flynn.tck.history.Register.Operation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Each key must have been a register: there is an order in which everything that clients were answered makes sense. */
final class Registers {

    private final Map<String, List<Operation>> byKey = new TreeMap<>();
    private int operations;
    private int answered;

    Registers(List<Line> lines) {
        Map<String, Line> answers = new HashMap<>();
        lines.stream().filter(line -> line.is("answer")).forEach(line -> answers.put(line.word(1), line));
        lines.stream().filter(line -> line.is("call")).forEach(call -> add(call, answers.get(call.word(1))));
    }

    private void add(Line call, @Nullable Line answer) {
        operations++;
        if (answer != null) {
            answered++;
        }
        String name = call.word(1);
        long end = answer == null ? Operation.UNKNOWN : answer.number(2);
        Action action = switch (call.word(3)) {
            case "write" -> new Action.Write(name);
            case "swap" ->
                new Action.Swap(
                        call.word(5),
                        name,
                        answer != null,
                        answer != null && answer.word(3).equals("committed"));
            case "read" -> new Action.Read(answer == null ? "" : answer.word(3));
            default -> throw new IllegalArgumentException(call.toString());
        };
        if (answer == null && action instanceof Action.Read) {
            return;
        }
        // host 1, life 2, client 3 is 123
        int client = Integer.parseInt(name.substring(0, name.indexOf('-')).replaceAll("\\D", ""));
        byKey.computeIfAbsent(call.word(4), any -> new ArrayList<>())
                .add(new Operation(client, call.number(2), end, action));
    }

    int operations() {
        return operations;
    }

    int answered() {
        return answered;
    }

    List<String> violations() {
        List<String> violations = new ArrayList<>();
        byKey.forEach((key, history) -> LinearizabilityChecker.violation(history, RegisterClient.ABSENT)
                .ifPresent(found -> violations.add("register " + key + ": " + found)));
        return violations;
    }
}
