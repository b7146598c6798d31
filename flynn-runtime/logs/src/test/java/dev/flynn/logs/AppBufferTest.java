package dev.flynn.logs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.log.LogMessage;
import dev.flynn.spi.component.Subscription;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AppBufferTest {

    private final AppBuffer buffer = new AppBuffer();

    @Test
    void keepsTheNewestTenThousandLines() {
        for (int i = 1; i <= 10_005; i++) {
            buffer.add(Lines.line(i));
        }

        assertThat(all()).hasSize(10_000).startsWith("line 6").endsWith("line 10005");
    }

    @Test
    void aLateLineOfAFullBufferIsLeftOutIfItIsTheOldest() {
        for (int i = 1; i <= 10_000; i++) {
            buffer.add(Lines.line(i));
        }
        buffer.add(Lines.line(0));

        assertThat(all()).hasSize(10_000).startsWith("line 1");
    }

    @Test
    void aLateLineComesToItsPlace() {
        for (int number : new int[] {1, 4, 2, 5, 3}) {
            buffer.add(Lines.line(number));
        }

        assertThat(all()).containsExactly("line 1", "line 2", "line 3", "line 4", "line 5");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void anyOrderOfArrivalWithRepetitionsGivesTheOrderOfTime(long seed) {
        List<Integer> numbers = new ArrayList<>(IntStream.range(0, 200).boxed().toList());
        numbers.addAll(numbers.subList(50, 150));
        Collections.shuffle(numbers, new Random(seed));
        numbers.forEach(number -> buffer.add(Lines.line(number)));

        assertThat(all())
                .containsExactlyElementsOf(
                        IntStream.range(0, 200).mapToObj(i -> "line " + i).toList());
    }

    @Test
    void linesOfOneMomentKeepTheirOrderOfArrival() {
        buffer.add(new SyslogLine(Lines.APP, 2, Lines.message("first")));
        buffer.add(new SyslogLine(Lines.APP, 1, Lines.message("second")));
        buffer.add(new SyslogLine(Lines.APP, 1, Lines.message("second")));

        assertThat(all()).containsExactly("first", "second");
    }

    @Test
    void theNewestAreTakenAfterFiltering() {
        for (int i = 1; i <= 20; i++) {
            buffer.add(Lines.line(i, i % 2 == 0 ? "even" : "odd", "web", "stdout"));
        }

        List<LogMessage> found = buffer.newest(3, message -> message.jobId().equals("even"));

        assertThat(Lines.texts(found)).containsExactly("line 16", "line 18", "line 20");
    }

    @Test
    void aSubscriberGetsEachNewLineOnce() {
        BlockingQueue<LogMessage> queue = new LinkedBlockingQueue<>();
        buffer.add(Lines.line(1));
        buffer.add(Lines.line(2));

        List<LogMessage> before = buffer.newestAndSubscribe(1, message -> true, queue);
        buffer.add(Lines.line(3));
        buffer.add(Lines.line(3));

        assertThat(Lines.texts(before)).containsExactly("line 2");
        assertThat(Lines.texts(queue)).containsExactly("line 3");
    }

    @Test
    void readingAndSubscribingIsOneMoment() throws Exception {
        var writer = new Thread(() -> IntStream.range(0, 5_000).forEach(i -> buffer.add(Lines.line(i))));
        writer.start();
        BlockingQueue<LogMessage> queue = new LinkedBlockingQueue<>();
        while (all().size() < 100) {
            Thread.onSpinWait();
        }

        List<String> seen =
                new ArrayList<>(Lines.texts(buffer.newestAndSubscribe(Integer.MAX_VALUE, message -> true, queue)));
        writer.join();
        seen.addAll(Lines.texts(queue));

        assertThat(seen)
                .containsExactlyElementsOf(
                        IntStream.range(0, 5_000).mapToObj(i -> "line " + i).toList());
    }

    @Test
    void aSlowSubscriberLosesLinesAndDisturbsNobody() {
        BlockingQueue<LogMessage> slow = new ArrayBlockingQueue<>(2);
        BlockingQueue<LogMessage> fast = new LinkedBlockingQueue<>();
        buffer.newestAndSubscribe(0, message -> true, slow);
        buffer.newestAndSubscribe(0, message -> true, fast);

        IntStream.rangeClosed(1, 5).forEach(i -> buffer.add(Lines.line(i)));

        assertThat(Lines.texts(slow)).containsExactly("line 1", "line 2");
        assertThat(fast).hasSize(5);
        assertThat(all()).hasSize(5);
    }

    @Test
    void whoUnsubscribedGetsNoMore() {
        BlockingQueue<LogMessage> queue = new LinkedBlockingQueue<>();
        try (Subscription subscription = buffer.subscription(queue)) {
            buffer.newestAndSubscribe(0, message -> true, queue);
        }
        buffer.add(Lines.line(1));

        assertThat(queue).isEmpty();
    }

    private List<String> all() {
        return Lines.texts(buffer.newest(Integer.MAX_VALUE, message -> true));
    }
}
