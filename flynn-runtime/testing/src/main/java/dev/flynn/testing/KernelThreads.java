package dev.flynn.testing;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * The threads of this process as Linux knows them. To the JVM a thread that was woken up still sleeps until it gets a
 * processor, which may take long on a machine under load; to the kernel it is runnable at once.
 */
final class KernelThreads {

    private static final File TASKS = new File("/proc/self/task");

    /** The kernel keeps that many characters of a name. */
    private static final int NAME_LENGTH = 15;

    /** Number, name and state are within so many bytes. */
    private static final int ENOUGH = 40;

    private final List<String> names;

    /** @param names what the names of the threads of interest begin with */
    KernelThreads(List<String> names) {
        this.names = names.stream()
                .map(name -> "(" + name.substring(0, Math.min(NAME_LENGTH, name.length())))
                .toList();
    }

    /** Whether this system tells. */
    boolean areKnown() {
        return TASKS.isDirectory();
    }

    /** Whether any of them runs or waits for a processor. */
    boolean anyIsRunnable() {
        String[] tasks = TASKS.list();
        return tasks != null && Arrays.stream(tasks).anyMatch(this::isRunnable);
    }

    /** The line begins like {@code 4711 (store-watch-1) S}. */
    private boolean isRunnable(String task) {
        try (var stat = new FileInputStream(new File(TASKS, task + "/stat"))) {
            String line = new String(stat.readNBytes(ENOUGH), StandardCharsets.ISO_8859_1);
            return names.stream().anyMatch(name -> line.startsWith(name, line.indexOf('(')))
                    && line.startsWith(") R", line.lastIndexOf(')'));
        } catch (IOException ended) {
            return false;
        }
    }
}
