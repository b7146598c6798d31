package dev.flynn.cli;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * Tells how far a transfer is, on one line of standard error that is redrawn in place (contract: CLI, Output conventions);
 * tells nothing where that is no terminal, or where nobody wants to know.
 */
final class Progress {

    private static final long REDRAW_NANOS = Duration.ofMillis(100).toNanos();
    private static final int BAR = 30;
    private static final String CLEAR_REST = "\033[K";

    private final Console console;
    private final boolean shown;
    private final LongSupplier nanos;

    Progress(Console console, boolean quiet) {
        this(console, quiet, System::nanoTime);
    }

    Progress(Console console, boolean quiet, LongSupplier nanos) {
        this.console = console;
        this.shown = !quiet && console.terminals().contains("e");
        this.nanos = nanos;
    }

    /**
     * Counts what is read of a stream; at its end the line is finished.
     *
     * @param what is told of it, as the name of a file
     * @param total in bytes; less than 0 if nobody knows
     */
    InputStream of(String what, long total, InputStream in) {
        return shown ? new Counted(what, total, in) : in;
    }

    private final class Counted extends FilterInputStream {

        private final String what;
        private final long total;
        private final long begin = nanos.getAsLong();
        private long drawn = begin - REDRAW_NANOS;
        private long count;
        private boolean ended;

        Counted(String what, long total, InputStream in) {
            super(in);
            this.what = what;
            this.total = total;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int read = super.read(bytes, offset, length);
            count += Math.max(0, read);
            boolean ends = read < 0 && !ended;
            if (ends || nanos.getAsLong() - drawn >= REDRAW_NANOS && !ended) {
                drawn = nanos.getAsLong();
                ended = read < 0;
                console.err().print("\r" + line(what, count, total, drawn - begin) + CLEAR_REST + (ends ? "\n" : ""));
                console.err().flush();
            }
            return read;
        }
    }

    static String line(String what, long count, long total, long elapsedNanos) {
        double seconds = Math.max(1e-3, elapsedNanos / 1e9);
        String bar = "";
        if (total > 0) {
            int full = (int) (BAR * count / total);
            bar = " [" + "=".repeat(full) + " ".repeat(BAR - full) + "] " + 100 * count / total + "%";
        }
        return "%s%s %s %s/s %ds".formatted(what, bar, size(count), size((long) (count / seconds)), (long) seconds);
    }

    private static String size(long bytes) {
        String units = "BkMGT";
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < units.length() - 1) {
            value /= 1024;
            unit++;
        }
        return unit == 0 ? bytes + "B" : String.format(Locale.ROOT, "%.1f%sB", value, units.charAt(unit));
    }
}
