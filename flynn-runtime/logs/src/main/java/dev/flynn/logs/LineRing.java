package dev.flynn.logs;

import org.jspecify.annotations.Nullable;

/** Lines one after the other; quick where they come and go at the ends. Not thread-safe. */
final class LineRing {

    private static final int FIRST_LENGTH = 16;

    private final int capacity;
    private @Nullable SyslogLine[] lines = new SyslogLine[FIRST_LENGTH];
    private int first;
    private int size;

    LineRing(int capacity) {
        this.capacity = capacity;
    }

    int size() {
        return size;
    }

    SyslogLine get(int index) {
        SyslogLine line = lines[at(index)];
        if (line == null) {
            throw new IndexOutOfBoundsException(index);
        }
        return line;
    }

    private int at(int index) {
        int at = first + index;
        return at < lines.length ? at : at - lines.length;
    }

    /** @throws IllegalStateException if it is full */
    void insert(int index, SyslogLine line) {
        if (size == lines.length) {
            grow();
        }
        for (int i = size; i > index; i--) {
            lines[at(i)] = lines[at(i - 1)];
        }
        lines[at(index)] = line;
        size++;
    }

    private void grow() {
        if (size == capacity) {
            throw new IllegalStateException("there is no room for a line");
        }
        var larger = new @Nullable SyslogLine[Math.min(capacity, size * 2)];
        for (int i = 0; i < size; i++) {
            larger[i] = lines[at(i)];
        }
        lines = larger;
        first = 0;
    }

    SyslogLine removeFirst() {
        SyslogLine line = get(0);
        lines[first] = null;
        first = at(1);
        size--;
        return line;
    }
}
