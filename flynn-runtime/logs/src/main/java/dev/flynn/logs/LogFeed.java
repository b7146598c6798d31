package dev.flynn.logs;

import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lines of this host, from its files, for somebody who takes them at a speed of its own. Whoever is so slow that files
 * are deleted before they were read, finds at that place how many lines are missing. One thread reads; the other methods are
 * called by the {@link LogMux}.
 */
final class LogFeed implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(LogFeed.class);

    private static final int APP_BYTES = 256 * 1024;
    private static final int TOTAL_BYTES = 512 * 1024;

    private final LogMux mux;

    /** Those that have lines which were not read. */
    private final Set<AppId> fresh = ConcurrentHashMap.newKeySet();

    private final Semaphore work = new Semaphore(0);
    private volatile boolean closed;

    // guarded by the mux's lock, but for what only the reading thread changes: the place in an open file
    private final Map<AppId, Tail> tails = new HashMap<>();
    private boolean newestOnly;

    /**
     * How far an app was read. A file in which there is something that was not acknowledged stays open, so it can be read again
     * also when it was deleted.
     */
    private static final class Tail {

        private final AppId app;
        private @Nullable String segment;
        private @Nullable FileChannel channel;
        private long offset;
        private long acknowledged;

        /** Lines that are missing before what is read next, and behind the file that is open. */
        private long missing;

        private long missingBehind;

        /** Those that were told, which is not acknowledged. */
        private long told;

        Tail(AppId app) {
            this.app = app;
        }

        void goTo(long place) {
            offset = place;
            acknowledged = place;
        }

        /** Reads again what was not acknowledged. */
        void goBack() {
            missing += told;
            told = 0;
            offset = acknowledged;
        }

        void close() {
            FileChannel open = channel;
            channel = null;
            if (open != null) {
                try {
                    open.close();
                } catch (IOException alreadyBroken) {
                    // it was only read
                }
            }
        }
    }

    LogFeed(LogMux mux) {
        this.mux = mux;
    }

    /** Goes on, or back, to there. */
    void begin(LogDestination.Start start) {
        synchronized (mux.writing()) {
            newestOnly = start.newestOnly();
            tails.values().removeIf(tail -> !start.positions().containsKey(tail.app) && forget(tail));
            start.positions().forEach((app, position) -> goTo(tails.computeIfAbsent(app, Tail::new), position));
        }
        mux.apps().forEach(this::written);
    }

    /** False for one that goes on without a position. */
    private boolean forget(Tail tail) {
        if (newestOnly) {
            tail.close();
        } else {
            tail.goBack();
        }
        return newestOnly;
    }

    private static void goTo(Tail tail, LogPosition position) {
        if (!position.segment().equals(tail.segment)) {
            tail.close();
            tail.segment = position.segment();
            tail.missing = 0;
            tail.missingBehind = 0;
            tail.told = 0;
        } else if (position.offset() <= tail.acknowledged) {
            tail.goBack();
        } else {
            tail.told = 0; // it has what it did not acknowledge
        }
        tail.goTo(position.offset());
    }

    /** What was read until now is where it should be. */
    void acknowledge(List<LogChunk> chunks) {
        synchronized (mux.writing()) {
            for (LogChunk chunk : chunks) {
                Tail tail = tails.get(chunk.app());
                if (tail != null) {
                    tail.acknowledged = tail.offset;
                    tail.told = 0;
                }
            }
        }
    }

    void written(AppId app) {
        if (fresh.add(app) && work.availablePermits() == 0) {
            work.release();
        }
    }

    /** A file is about to go; the mux's lock is held. */
    void deleting(AppId app, Segment gone) {
        Tail tail = tails.get(app);
        if (tail == null || tail.segment == null) {
            return; // it was not begun, so nothing is missed
        }
        try {
            boolean here = tail.segment.equals(gone.id());
            if (tail.channel != null) {
                boolean later = !here && mux.file(app).find(tail.segment).isEmpty();
                tail.missingBehind += later ? gone.count(0) : 0;
            } else if (here || mux.file(app).find(tail.segment).isEmpty()) {
                tail.missing += gone.count(here ? tail.offset : 0);
            }
        } catch (IOException e) {
            log.atWarn().addKeyValue("app", app).setCause(e).log("cannot count the lines that are deleted");
        }
    }

    /** Waits for lines; none when that takes too long or this was closed. */
    List<LogChunk> next(Duration patience) throws InterruptedException {
        if (fresh.isEmpty() && !closed) {
            var unused = work.tryAcquire(patience.toMillis(), TimeUnit.MILLISECONDS);
        }
        // before they are looked through: what comes from here on gives a permit again
        work.drainPermits();
        List<LogChunk> chunks = new ArrayList<>();
        int bytes = 0;
        for (AppId app : List.copyOf(fresh)) {
            fresh.remove(app);
            Optional<LogChunk> chunk = read(app);
            if (chunk.isPresent()) {
                fresh.add(app); // there may be more
                chunks.add(chunk.get());
                bytes += chunk.get().frames().length;
            }
            if (bytes >= TOTAL_BYTES) {
                break;
            }
        }
        return chunks;
    }

    private Optional<LogChunk> read(AppId app) {
        Tail tail;
        synchronized (mux.writing()) {
            tail = tails.computeIfAbsent(app, Tail::new);
        }
        try {
            if (tail.segment == null && newestOnly) {
                seekNewest(tail);
            }
            while (true) {
                long limit = open(tail);
                FileChannel channel = tail.channel;
                if (limit < 0 || channel == null) {
                    return Optional.empty();
                }
                byte[] piece = Segment.read(channel, tail.offset, (int) Math.min(APP_BYTES, limit - tail.offset));
                int whole = Frames.whole(piece, 0, piece.length);
                if (whole > 0) {
                    tail.offset += whole;
                    return Optional.of(chunk(tail, piece, whole));
                }
                log.atWarn().addKeyValue("app", app).log("a log is damaged; its rest is skipped");
                tail.goTo(limit);
            }
        } catch (IOException e) {
            log.atWarn().addKeyValue("app", app).setCause(e).log("cannot read the app's log");
            return Optional.empty();
        }
    }

    private void seekNewest(Tail tail) throws IOException {
        List<Segment> segments;
        Kept kept;
        synchronized (mux.writing()) {
            LogFile file = mux.file(tail.app);
            segments = file.segments();
            kept = file.kept();
        }
        try (kept) {
            Kept.Start start = kept.newestStart(AppBuffer.CAPACITY, LogMux.MAX_HISTORY_BYTES);
            synchronized (mux.writing()) {
                if (start.part() < segments.size()) {
                    tail.segment = segments.get(start.part()).id();
                    tail.goTo(start.offset());
                }
            }
        }
    }

    /** Opens the file in which there is more; gives where its lines end, or -1 if nothing is there now. */
    private long open(Tail tail) throws IOException {
        synchronized (mux.writing()) {
            LogFile file = mux.file(tail.app);
            while (true) {
                String id = tail.segment;
                Optional<Segment> here = id == null ? Optional.empty() : file.find(id);
                if (tail.channel == null) {
                    Optional<Segment> opened = here.isPresent() ? here : first(file);
                    if (opened.isEmpty()) {
                        return -1;
                    }
                    move(tail, opened.get(), here.isPresent());
                    here = opened;
                }
                long limit = here.isPresent() ? here.get().size() : sizeOf(tail);
                if (tail.offset < limit) {
                    return limit;
                }
                Optional<Segment> next = file.after(String.valueOf(tail.segment));
                tail.close();
                if (next.isEmpty()) {
                    return -1;
                }
                move(tail, next.get(), false);
            }
        }
    }

    private static Optional<Segment> first(LogFile file) {
        return file.segments().stream().findFirst();
    }

    private static long sizeOf(Tail tail) throws IOException {
        return tail.channel == null ? 0 : tail.channel.size();
    }

    private static void move(Tail tail, Segment to, boolean goOn) throws IOException {
        tail.channel = FileChannel.open(to.file(), StandardOpenOption.READ);
        if (!goOn || tail.offset > to.size()) {
            tail.goTo(0);
        }
        tail.missing += tail.missingBehind;
        tail.missingBehind = 0;
        tail.segment = to.id();
    }

    private LogChunk chunk(Tail tail, byte[] piece, int whole) {
        byte[] frames = whole == piece.length ? piece : java.util.Arrays.copyOf(piece, whole);
        long missing;
        synchronized (mux.writing()) {
            missing = tail.missing;
            tail.told += missing;
            tail.missing = 0;
        }
        return new LogChunk(
                tail.app,
                missing == 0 ? frames : withReport(frames, missing),
                new LogPosition(String.valueOf(tail.segment), tail.offset));
    }

    private static byte[] withReport(byte[] frames, long missing) {
        int message = Frames.message(frames, 0);
        Optional<SyslogLine> first = new LineParser().parse(frames, message, Frames.end(frames, 0, frames.length) - 1);
        if (first.isEmpty()) {
            return frames;
        }
        String text = String.format(
                Locale.ROOT, "dropped %,d lines here: they were deleted before they could be sent on", missing);
        LogMessage report = Intake.withText(first.get().message(), text);
        byte[] frame = new SyslogLine(first.get().app(), first.get().seq(), report).frame();
        byte[] both = java.util.Arrays.copyOf(frame, frame.length + frames.length);
        System.arraycopy(frames, 0, both, frame.length, frames.length);
        return both;
    }

    /** Ends a wait. */
    void wake() {
        work.release();
    }

    @Override
    public void close() {
        closed = true;
        mux.ended(this);
        wake();
        synchronized (mux.writing()) {
            tails.values().forEach(Tail::close);
        }
    }
}
