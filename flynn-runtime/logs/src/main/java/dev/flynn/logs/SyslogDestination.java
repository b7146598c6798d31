package dev.flynn.logs;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A syslog server to which the lines of this host are forwarded from its files. How far that came is written down every
 * second: after the death of the process, lines of the last second come again, and none is left out that the server did not
 * lose itself. The first time, what is there already when this is made is not sent.
 */
public final class SyslogDestination implements LogDestination {

    private static final Logger log = LoggerFactory.getLogger(SyslogDestination.class);

    private static final Duration SAVE = Duration.ofSeconds(1);

    private final SyslogTarget target;
    private final Path file;
    /** Where the lines of each app ended when this was made, unless it has come further before. */
    private final Map<AppId, LogPosition> begin;

    private final Map<AppId, LogPosition> positions = new ConcurrentHashMap<>();
    private final LineParser parser = new LineParser();
    private volatile @Nullable SyslogConnection connection;
    private boolean loaded;
    private long savedAt;

    /**
     * @param file for how far it came
     * @param ends where the lines of each app end now: {@link LogMux#ends}
     */
    public SyslogDestination(SyslogTarget target, Path file, Supplier<Map<AppId, LogPosition>> ends) {
        this.target = target;
        this.file = file;
        this.begin = Files.exists(file) ? Map.of() : ends.get();
    }

    @Override
    public Start open() throws IOException {
        if (!loaded) {
            if (Files.exists(file)) {
                load();
            } else {
                positions.putAll(begin);
                save();
            }
            loaded = true;
        }
        hangUp();
        connection = SyslogConnection.open(target);
        return new Start(positions, false);
    }

    @Override
    public void send(List<LogChunk> chunks) throws IOException {
        SyslogConnection to = connection;
        if (to == null) {
            throw new IOException("not connected to " + target);
        }
        for (LogChunk chunk : chunks) {
            List<SyslogLine> lines = lines(chunk.frames());
            for (int sent = 0; sent < lines.size(); ) {
                sent = to.send(lines, sent);
            }
            positions.put(chunk.app(), chunk.end());
        }
        if (System.nanoTime() - savedAt > SAVE.toNanos()) {
            save();
        }
    }

    private List<SyslogLine> lines(byte[] frames) {
        List<SyslogLine> lines = new ArrayList<>();
        int start = 0;
        for (int end = Frames.end(frames, 0, frames.length); end > 0; end = Frames.end(frames, start, frames.length)) {
            parser.parse(frames, Frames.message(frames, start), end - 1).ifPresent(lines::add);
            start = end;
        }
        return lines;
    }

    private void load() throws IOException {
        for (String line : Files.readAllLines(file, UTF_8)) {
            String[] parts = line.split(" ", 3);
            try {
                positions.put(AppId.of(parts[0]), new LogPosition(parts[2], Long.parseLong(parts[1])));
            } catch (FlynnException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
                log.atWarn().addKeyValue("file", file).log("a position of logs cannot be read; its app is sent again");
            }
        }
    }

    private synchronized void save() throws IOException {
        var text = new StringBuilder();
        positions.forEach((app, position) -> text.append(app)
                .append(' ')
                .append(position.offset())
                .append(' ')
                .append(position.segment())
                .append('\n'));
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.writeString(fresh, text, UTF_8);
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        savedAt = System.nanoTime();
    }

    private void hangUp() {
        SyslogConnection open = connection;
        connection = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException alreadyBroken) {
                // it is of no use any more
            }
        }
    }

    @Override
    public void close() {
        hangUp();
        try {
            if (loaded) {
                save();
            }
        } catch (IOException e) {
            log.atWarn().addKeyValue("file", file).setCause(e).log("cannot save how far logs were sent");
        }
    }
}
