package dev.flynn.link.proof;

import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreChange.KeyChange;
import dev.flynn.spi.store.StoreEntry;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Everything that was committed, by revision, as all who watched everything tell it together; and what must agree with that:
 * each watch, each list, each acknowledgement.
 */
final class Changes {

    /** One watch: its prefix, where it began, and what it told. */
    private record Stream(String name, String prefix, long after, List<StoreChange> changes) {}

    /** A commit or a list: when it was asked for, when it was answered, and the revision. */
    private record Moment(Line line, long call, long end, long revision) {}

    /** So long the store waits for its own replica when a change was committed. */
    private static final long OWN_COPY_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final List<Line> lines;
    private final List<String> violations = new ArrayList<>();
    private final Map<String, Stream> streams = new LinkedHashMap<>();
    private final NavigableMap<Long, StoreChange> byRevision = new TreeMap<>();

    Changes(List<Line> lines) {
        this.lines = lines;
        readStreams();
        unite();
        checkStreams();
        checkLists();
        checkAcknowledged();
        checkTime();
        checkOnce();
    }

    /** By revision, without a gap unless there are violations. */
    NavigableMap<Long, StoreChange> byRevision() {
        return byRevision;
    }

    int watches() {
        return streams.size();
    }

    List<String> violations() {
        return violations;
    }

    private void readStreams() {
        for (Line line : lines) {
            if (line.is("watch")) {
                String name = line.process() + "/" + line.word(1);
                streams.put(name, new Stream(name, line.word(2), line.number(3), new ArrayList<>()));
            } else if (line.is("change")) {
                Objects.requireNonNull(streams.get(line.process() + "/" + line.word(1)))
                        .changes()
                        .add(change(line));
            }
        }
    }

    private static StoreChange change(Line line) {
        List<KeyChange> changes = new ArrayList<>();
        for (int i = 4; i < line.words().size(); ) {
            String key = line.word(i + 1);
            if (line.word(i).equals("put")) {
                changes.add(new KeyChange(key, Optional.of(entry(line, i + 1))));
                i += 5;
            } else {
                changes.add(new KeyChange(key, Optional.empty()));
                i += 2;
            }
        }
        return new StoreChange(line.number(3), changes);
    }

    private static StoreEntry entry(Line line, int position) {
        return new StoreEntry(
                line.word(position), line.word(position + 1), line.number(position + 2), line.number(position + 3));
    }

    private void unite() {
        for (Stream stream : streams.values()) {
            if (!stream.prefix().isEmpty()) {
                continue;
            }
            for (StoreChange change : stream.changes()) {
                StoreChange known = byRevision.putIfAbsent(change.revision(), change);
                if (known != null && !known.equals(change)) {
                    violations.add("two watches tell different things: %s, and %s tells %s"
                            .formatted(known, stream.name(), change));
                }
            }
        }
        long next = 1;
        for (long revision : byRevision.keySet()) {
            if (revision != next) {
                violations.add("revisions %d to %d were told by nobody".formatted(next, revision - 1));
            }
            next = revision + 1;
        }
    }

    /** None missed, none twice, in order: from where it began to its last one a watch has told exactly what there was. */
    private void checkStreams() {
        for (Stream stream : streams.values()) {
            List<StoreChange> told = stream.changes();
            if (told.isEmpty() || byRevision.isEmpty()) {
                continue;
            }
            long last = told.stream().mapToLong(StoreChange::revision).max().orElseThrow();
            List<StoreChange> expected = byRevision.subMap(stream.after(), false, last, true).values().stream()
                    .map(change -> ofPrefix(change, stream.prefix()))
                    .filter(change -> !change.changes().isEmpty())
                    .toList();
            // it may have been ahead of all who watch everything when these ended
            List<StoreChange> comparable = told.stream()
                    .filter(change -> change.revision() <= byRevision.lastKey())
                    .toList();
            if (!comparable.equals(expected)) {
                violations.add("watch %s of \"%s\" after %d %s"
                        .formatted(stream.name(), stream.prefix(), stream.after(), difference(comparable, expected)));
            }
        }
    }

    private static StoreChange ofPrefix(StoreChange change, String prefix) {
        return new StoreChange(
                change.revision(),
                change.changes().stream()
                        .filter(key -> key.key().startsWith(prefix))
                        .toList());
    }

    private static String difference(List<StoreChange> told, List<StoreChange> expected) {
        int same = 0;
        while (same < told.size() && same < expected.size() && told.get(same).equals(expected.get(same))) {
            same++;
        }
        return "told %s instead of %s".formatted(from(told, same), from(expected, same));
    }

    private static Object from(List<StoreChange> changes, int position) {
        return position < changes.size() ? changes.get(position) : "nothing";
    }

    /** A list shows exactly what there was at its revision. */
    private void checkLists() {
        List<Line> lists = lines.stream()
                .filter(line -> line.is("list"))
                .sorted(Comparator.comparingLong(line -> line.number(5)))
                .toList();
        Map<String, StoreEntry> state = new TreeMap<>();
        var changes = byRevision.values().iterator();
        long revision = 0;
        for (Line list : lists) {
            while (revision < list.number(5) && changes.hasNext()) {
                StoreChange change = changes.next();
                revision = change.revision();
                applyTo(state, change);
            }
            if (revision < list.number(5)) {
                break;
            }
            List<StoreEntry> expected = state.values().stream()
                    .filter(entry -> entry.key().startsWith(list.word(2)))
                    .toList();
            List<StoreEntry> found = new ArrayList<>();
            for (int i = 6; i < list.words().size(); i += 4) {
                found.add(entry(list, i));
            }
            found.sort(Comparator.comparing(StoreEntry::key));
            if (!found.equals(expected)) {
                violations.add("%s is not what there was, which is %s".formatted(list, expected));
            }
        }
    }

    private void applyTo(Map<String, StoreEntry> state, StoreChange change) {
        for (KeyChange key : change.changes()) {
            StoreEntry before =
                    key.entry().isPresent() ? state.put(key.key(), key.entry().get()) : state.remove(key.key());
            key.entry().ifPresent(entry -> {
                long created = before == null ? change.revision() : before.createRevision();
                if (entry.createRevision() != created || entry.modRevision() != change.revision()) {
                    violations.add("%s has wrong revisions, it was created at %d".formatted(change, created));
                }
            });
        }
    }

    private void checkAcknowledged() {
        Map<String, String> keys = new HashMap<>();
        lines.stream().filter(line -> line.is("call")).forEach(line -> keys.put(line.word(1), line.word(4)));
        for (Line line : lines) {
            if (isCommit(line)) {
                StoreChange change = byRevision.get(line.number(4));
                boolean isThere = change != null
                        && change.changes().stream()
                                .anyMatch(key -> key.key().equals(keys.get(line.word(1)))
                                        && key.entry()
                                                .filter(entry -> entry.value().equals(line.word(1)))
                                                .isPresent());
                if (!isThere) {
                    violations.add("%s was acknowledged and is not there; there is %s".formatted(line, change));
                }
            }
        }
    }

    private static boolean isCommit(Line line) {
        return line.is("answer") && line.words().size() > 3 && line.word(3).equals("committed");
    }

    /** What begins after another was answered has the greater revision, a list no smaller one. */
    private void checkTime() {
        Map<String, Long> calls = new HashMap<>();
        lines.stream().filter(line -> line.is("call")).forEach(line -> calls.put(line.word(1), line.number(2)));
        List<Moment> commits = lines.stream()
                .filter(Changes::isCommit)
                .map(line -> new Moment(
                        line, Objects.requireNonNull(calls.get(line.word(1))), line.number(2), line.number(4)))
                .sorted(Comparator.comparingLong(Moment::revision))
                .toList();
        long latestCall = Long.MIN_VALUE;
        for (Moment commit : commits) {
            if (commit.end() < latestCall) {
                violations.add(commit + " was answered before an earlier revision was asked for");
            }
            latestCall = Math.max(latestCall, commit.call());
        }
        for (Line line : lines) {
            if (line.is("list")) {
                checkList(new Moment(line, line.number(3), line.number(4), line.number(5)), commits);
            }
        }
    }

    /** Even a stale list shows what was acknowledged to the same process before, unless its replica lags behind for long. */
    private void checkList(Moment list, List<Moment> commits) {
        boolean isLinearizable = list.line().word(1).equals(Consistency.LINEARIZABLE.name());
        for (Moment commit : commits) {
            boolean isOwn = commit.line().process().equals(list.line().process())
                    && commit.end() - commit.call() < OWN_COPY_PATIENCE_NANOS;
            if (commit.end() < list.call() && commit.revision() > list.revision() && (isLinearizable || isOwn)) {
                violations.add("%s does not show %s".formatted(list, commit));
            }
            if (list.end() < commit.call() && commit.revision() <= list.revision()) {
                violations.add("%s shows what was asked for later: %s".formatted(list, commit));
            }
        }
    }

    /** Nothing is written twice, however often it was asked for; nor is anything started twice by those who take turns. */
    private void checkOnce() {
        Set<String> written = new HashSet<>();
        for (StoreChange change : byRevision.values()) {
            for (KeyChange key : change.changes()) {
                boolean isNew = key.entry().isEmpty()
                        || !key.key().startsWith(RegisterClient.KEYS)
                        || written.add(key.entry().get().value());
                boolean startsAnew = key.key().startsWith(Turns.STARTED)
                        && key.entry().isPresent()
                        && key.entry().get().createRevision() != change.revision();
                if (!isNew || startsAnew) {
                    violations.add(change + " happened before");
                }
            }
        }
    }
}
