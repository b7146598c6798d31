package dev.flynn.tck.history;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.tck.history.Register.Action;
import dev.flynn.tck.history.Register.Action.Read;
import dev.flynn.tck.history.Register.Action.Swap;
import dev.flynn.tck.history.Register.Action.Write;
import dev.flynn.tck.history.Register.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The checker finds violations that were planted, and only these. */
class LinearizabilityCheckerTest {

    private final List<Operation> history = new ArrayList<>();

    private void operation(long call, long end, Action action) {
        history.add(new Operation(history.size(), call, end, action));
    }

    private void assertGood() {
        assertThat(LinearizabilityChecker.violation(history, "")).isEmpty();
    }

    private void assertBad() {
        assertThat(LinearizabilityChecker.violation(history, "")).isPresent();
    }

    @Test
    void aReadOfWhatWasWrittenBefore() {
        operation(1, 2, new Write("a"));
        operation(3, 4, new Read("a"));
        assertGood();
    }

    @Test
    void aStaleRead() {
        operation(1, 2, new Write("a"));
        operation(3, 4, new Write("b"));
        operation(5, 6, new Read("a"));
        assertBad();
    }

    @Test
    void aReadDuringAWriteFindsEither() {
        operation(1, 10, new Write("a"));
        operation(2, 3, new Read(""));
        operation(4, 5, new Read("a"));
        assertGood();
    }

    @Test
    void twoReadsDuringAWriteDoNotGoBack() {
        operation(1, 10, new Write("a"));
        operation(2, 3, new Read("a"));
        operation(4, 5, new Read(""));
        assertBad();
    }

    @Test
    void aWriteWithoutAnswerMayHappenLateOrNever() {
        operation(1, Operation.UNKNOWN, new Write("a"));
        operation(2, 3, new Read(""));
        operation(4, 5, new Write("b"));
        operation(6, 7, new Read("a"));
        assertGood();
        history.remove(3);
        operation(6, 7, new Read("b"));
        assertGood();
    }

    @Test
    void aWriteWithoutAnswerHappensOnce() {
        operation(1, Operation.UNKNOWN, new Write("a"));
        operation(2, 3, new Read("a"));
        operation(4, 5, new Write("b"));
        operation(6, 7, new Read("a"));
        assertBad();
    }

    @Test
    void anAcknowledgedWriteThatIsLost() {
        operation(1, 2, new Write("a"));
        operation(3, 4, new Read(""));
        assertBad();
    }

    @Test
    void twoSwapsOfTheSameValueDoNotBothSucceed() {
        operation(1, 2, new Write("a"));
        operation(3, 10, new Swap("a", "b", true, true));
        operation(4, 9, new Swap("a", "c", true, true));
        assertBad();
    }

    @Test
    void aSwapThatFailedFoundSomethingElse() {
        operation(1, 2, new Write("a"));
        operation(3, 10, new Swap("a", "b", true, false));
        assertBad();
        operation(3, 9, new Write("c"));
        assertGood();
    }

    @Test
    void ofALongHistoryOneWrongReadIsFound() {
        var random = new Random(7);
        String value = "";
        long now = 0;
        for (int i = 0; i < 2000; i++) {
            long call = now + random.nextInt(3);
            long moment = call + 5 + random.nextInt(20);
            now = call + 4;
            if (random.nextBoolean()) {
                value = "v" + i;
                operation(call, moment, new Write(value));
            } else {
                operation(moment - 1, moment, new Read(value));
            }
            now = moment + 1 - random.nextInt(2);
        }
        assertGood();
        for (int i = 1000; i < 2000; i++) {
            Operation old = history.get(i);
            if (old.action() instanceof Read) {
                history.set(i, new Operation(old.client(), old.call(), old.end(), new Read("v0-never")));
                break;
            }
        }
        assertBad();
    }
}
