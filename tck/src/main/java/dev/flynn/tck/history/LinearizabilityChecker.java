package dev.flynn.tck.history;

import static java.util.Objects.requireNonNull;

import dev.flynn.tck.history.Register.Operation;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apiguardian.api.API;
import org.jspecify.annotations.Nullable;

/**
 * Looks for an order of operations in which each happened at one moment between its call and its answer. It is the search of
 * Wing and Gong, with Lowe's memory of what has been tried: the same operations done and the same value are not tried twice.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public final class LinearizabilityChecker {

    /** A call or an answer, in a list that operations are taken out of and put back into. */
    private static final class Event {
        final int operation;
        final boolean isCall;

        @Nullable
        Event answer;

        @Nullable
        Event previous;

        @Nullable
        Event next;

        Event(int operation, boolean isCall) {
            this.operation = operation;
            this.isCall = isCall;
        }

        void takeOut() {
            requireNonNull(previous).next = next;
            if (next != null) {
                next.previous = previous;
            }
        }

        void putBack() {
            requireNonNull(previous).next = this;
            if (next != null) {
                next.previous = this;
            }
        }
    }

    private record Tried(BitSet done, String value) {}

    private record Step(Event call, String valueBefore) {}

    private final List<Operation> history;
    private final String firstValue;

    private LinearizabilityChecker(List<Operation> history, String firstValue) {
        this.history = history;
        this.firstValue = firstValue;
    }

    /**
     * What cannot be put in order: the operations around the first that fits nowhere; nothing if all is well.
     *
     * @param history of one register, in any order
     * @param firstValue that it had before
     */
    public static Optional<String> violation(List<Operation> history, String firstValue) {
        return new LinearizabilityChecker(history, firstValue).search();
    }

    private Optional<String> search() {
        Event head = events();
        Set<Tried> tried = new HashSet<>();
        Deque<Step> steps = new ArrayDeque<>();
        var done = new BitSet(history.size());
        String value = firstValue;
        long answered = history.stream().filter(Operation::isAnswered).count();
        int deepest = 0;
        @Nullable Event stuckAt = head.next;
        @Nullable Event event = head.next;
        while (answered > 0) {
            if (event != null && event.isCall) {
                Optional<String> after = history.get(event.operation).action().applyTo(value);
                if (after.isPresent()) {
                    done.set(event.operation);
                    if (tried.add(new Tried((BitSet) done.clone(), after.get()))) {
                        steps.push(new Step(event, value));
                        value = after.get();
                        event.takeOut();
                        if (event.answer != null) {
                            event.answer.takeOut();
                            answered--;
                        }
                        event = head.next;
                        continue;
                    }
                    done.clear(event.operation);
                }
                event = event.next;
                continue;
            }
            // an answer whose operation was not done, or the end: something before was done wrongly
            if (steps.size() >= deepest && event != null) {
                deepest = steps.size();
                stuckAt = event;
            }
            if (steps.isEmpty()) {
                return Optional.of(describe(requireNonNull(stuckAt)));
            }
            Step last = steps.pop();
            value = last.valueBefore();
            Event call = last.call();
            done.clear(call.operation);
            if (call.answer != null) {
                call.answer.putBack();
                answered++;
            }
            call.putBack();
            event = call.next;
        }
        return Optional.empty();
    }

    private Event events() {
        record Moment(long at, Event event) {}
        List<Moment> moments = new ArrayList<>();
        for (int i = 0; i < history.size(); i++) {
            Operation operation = history.get(i);
            var call = new Event(i, true);
            moments.add(new Moment(operation.call(), call));
            if (operation.isAnswered()) {
                call.answer = new Event(i, false);
                moments.add(new Moment(operation.end(), call.answer));
            }
        }
        // at the same moment calls come first: that only allows more
        moments.sort(Comparator.comparingLong(Moment::at).thenComparing(moment -> !moment.event().isCall));
        var head = new Event(-1, false);
        Event last = head;
        for (Moment moment : moments) {
            last.next = moment.event();
            moment.event().previous = last;
            last = moment.event();
        }
        return head;
    }

    private String describe(Event stuckAt) {
        Operation stuck = history.get(stuckAt.operation);
        var text = new StringBuilder("no order explains %s; around it:%n".formatted(stuck));
        history.stream()
                .filter(other -> other.call() <= stuck.end() && other.end() >= stuck.call())
                .sorted(Comparator.comparingLong(Operation::call))
                .limit(40)
                .forEach(other -> text.append("  %s%n".formatted(other)));
        return text.toString();
    }
}
