package dev.flynn.link.proof;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.store.Consistency;
import dev.flynn.state.ClusterState;
import dev.flynn.store.MemoryClusterStore;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A good story is believed, and one with the slightest lie is not: what a host of one process told, and what is made of it. */
class VerdictTest {

    private static final int LIES = 5;
    private static final int BYTES = 60_000;

    private static List<Line> story = List.of();

    private final Random random = new Random(1);

    @BeforeAll
    static void tellAStory() throws InterruptedException {
        var told = new ByteArrayOutputStream();
        var journal = new Journal(new PrintStream(told, false, StandardCharsets.UTF_8));
        var users = new Workers(journal);
        var watchers = new Workers(journal);
        var last = new Workers(journal);
        try (var store = new MemoryClusterStore();
                var discovery =
                        StoreDiscovery.builder(store).ttl(Duration.ofSeconds(2)).build()) {
            Services.create(discovery);
            var everything = new StoreWatch(store, "", 0, journal, 1);
            last.start("everything", everything::step);
            last.start("registers", new StoreWatch(store, RegisterClient.KEYS, 0, journal, 2)::step);
            List<ServiceWatch> services = Stream.of(Services.OLDEST, Services.MANUAL, Discovery.EVERYTHING)
                    .map(service -> new ServiceWatch(discovery, service, journal, 3))
                    .toList();
            services.forEach(watch -> watchers.start("watch", watch::step));
            for (int i = 1; i <= 3; i++) {
                users.start(
                        "client",
                        new RegisterClient("host1.1." + i, store, Consistency.LINEARIZABLE, journal, i)::step);
                users.start("candidate", new Candidate(discovery, "192.0.2.2:" + i, Duration.ZERO, journal, i)::step);
            }
            users.start("services", new Services(discovery, 4)::step);
            users.start("turns", new Turns(new ClusterState(store, new FlynnJson(), Clock.systemUTC()), "host1")::step);
            while (told.size() < BYTES) {
                Thread.sleep(10);
            }
            users.stop();
            services.forEach(ServiceWatch::end);
            watchers.stop();
            long newest = store.list("").revision();
            while (everything.seenUntil() < newest) {
                Thread.sleep(10);
            }
            last.stop();
        }
        story = told.toString(StandardCharsets.UTF_8)
                .lines()
                .flatMap(line -> Line.parse("host1", 1, line).stream())
                .toList();
    }

    @Test
    void theTruthIsBelieved() {
        assertThat(Verdict.on(story).violations()).isEmpty();
    }

    @Test
    void aChangeThatNobodyTellsIsMissed() {
        everyLie(this::isInTheMiddle, line -> List.of());
    }

    @Test
    void aChangeThatIsToldTwiceIsNoticed() {
        everyLie(this::isInTheMiddle, line -> List.of(line, line));
    }

    @Test
    void anEventThatIsNotToldIsMissed() {
        everyLie(this::isEventInTheMiddle, line -> List.of());
    }

    @Test
    void anEventThatIsToldTwiceIsNoticed() {
        everyLie(this::isEventInTheMiddle, line -> List.of(line, line));
    }

    @Test
    void changesInTheWrongOrderAreNoticed() {
        everyExchange(this::isInTheMiddle);
    }

    @Test
    void eventsInTheWrongOrderAreNoticed() {
        everyExchange(this::isEventInTheMiddle);
    }

    @Test
    void aReadOfWhatWasThereBeforeIsNoticed() {
        List<Line> writes = story.stream()
                .filter(line -> line.is("call") && line.word(3).equals("write"))
                .toList();
        Line write = writes.get(writes.size() / 2);
        long now = story.stream()
                .filter(line -> line.is("answer") || line.is("call"))
                .mapToLong(line -> line.number(2))
                .max()
                .orElseThrow();
        assertNoticed(with(
                story,
                tell("call", "host1.1.9-1", now + 1, "read", write.word(4)),
                tell("answer", "host1.1.9-1", now + 2, RegisterClient.ABSENT)));
    }

    @Test
    void anAcknowledgementOfWhatNeverHappenedIsNoticed() {
        everyLie(
                line -> line.is("answer")
                        && line.words().size() > 3
                        && line.word(3).equals("committed"),
                line -> List.of(replaced(line, 4, line.number(4) + 1)));
    }

    @Test
    void aListInWhichOneEntryIsMissingIsNoticed() {
        everyLie(
                line -> line.is("list") && line.words().size() > 6,
                line -> List.of(new Line(
                        line.host(),
                        line.life(),
                        line.words().subList(0, line.words().size() - 4))));
    }

    @Test
    void whoLeadsWhileAnotherDoesIsNoticed() {
        Line leads = story.stream()
                .filter(line -> line.is("leads") && line.number(3) < line.number(4))
                .findFirst()
                .orElseThrow();

        assertNoticed(with(story, tell("leads", "another", 1, leads.number(3), leads.number(4))));
    }

    @Test
    void whoResignsLeadsNoLonger() {
        List<Line> handover = List.of(
                tell("leads", "one", 1, 1000, 2000),
                tell("leads", "one", 1, 1000, 5000),
                tell("resigns", "one", 1, 3000),
                tell("leads", "other", 2, 3001, 6000));

        assertThat(new Claims(handover).violations()).isEmpty();
        assertThat(new Claims(with(handover.subList(0, 2), handover.get(3))).violations())
                .singleElement()
                .asString()
                .startsWith("two leaders at once");
    }

    @Test
    void whatIsStartedTwiceIsNoticed() {
        assertThat(new Changes(List.of(
                                tell("watch", "store-1", "", 0),
                                tell("change", "store-1", "", 1, "put", Turns.STARTED + "0", "one", 1, 1),
                                tell("change", "store-1", "", 2, "put", Turns.STARTED + "0", "other", 1, 2)))
                        .violations())
                .singleElement()
                .asString()
                .endsWith("happened before");
    }

    @Test
    void aLineThatWasTornOffIsNone() {
        String line = Line.format(List.of("change", "a value", ""));

        assertThat(Line.parse("host1", 1, line)).hasValue(tell("change", "a value", ""));
        IntStream.range(0, line.length())
                .forEach(end -> assertThat(Line.parse("host1", 1, line.substring(0, end)))
                        .isEmpty());
    }

    // ---- lies

    /** What stands in the place of a line. */
    private interface Lie {
        List<Line> insteadOf(Line line);
    }

    private static Line tell(Object... words) {
        return new Line("host1", 1, Stream.of(words).map(String::valueOf).toList());
    }

    private static List<Line> with(List<Line> lines, Line... more) {
        return Stream.concat(lines.stream(), Stream.of(more)).toList();
    }

    private static Line replaced(Line line, int position, Object word) {
        List<String> words = new ArrayList<>(line.words());
        words.set(position, String.valueOf(word));
        return new Line(line.host(), line.life(), words);
    }

    /** Only the lie that nothing more happened cannot be told from the truth. */
    private boolean isInTheMiddle(Line line) {
        return line.is("change") && next(line).isPresent();
    }

    /** Neither can the lie that a watch began a moment later, if that moment was like the one before. */
    private boolean isEventInTheMiddle(Line line) {
        return isTelling(line) && next(line).filter(VerdictTest::isTelling).isPresent();
    }

    private static boolean isTelling(Line line) {
        return line.is("event")
                && !line.word(3).startsWith("Leader")
                && !line.word(3).startsWith("Current");
    }

    /** What the same watch told next of the same. */
    private static Optional<Line> next(Line line) {
        return story.subList(story.indexOf(line) + 1, story.size()).stream()
                .filter(other -> other.words().subList(0, 3).equals(line.words().subList(0, 3)))
                .findFirst();
    }

    private void everyLie(Predicate<Line> about, Lie lie) {
        for (Line line : someOf(about)) {
            assertNoticed(story.stream()
                    .flatMap(other -> other == line ? lie.insteadOf(line).stream() : Stream.of(other))
                    .toList());
        }
    }

    private void everyExchange(Predicate<Line> about) {
        for (Line line : someOf(about)) {
            List<Line> lines = new ArrayList<>(story);
            Collections.swap(
                    lines, lines.indexOf(line), lines.indexOf(next(line).orElseThrow()));
            assertNoticed(lines);
        }
    }

    private List<Line> someOf(Predicate<Line> about) {
        List<Line> all = new ArrayList<>(story.stream().filter(about).toList());
        assertThat(all).isNotEmpty();
        Collections.shuffle(all, random);
        return all.subList(0, Math.min(LIES, all.size()));
    }

    private static void assertNoticed(List<Line> lies) {
        List<Line> difference = new ArrayList<>(story);
        difference.removeAll(lies);
        assertThat(Verdict.on(lies).violations()).as("without %s", difference).isNotEmpty();
    }
}
