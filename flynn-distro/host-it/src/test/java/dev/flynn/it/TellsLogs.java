package dev.flynn.it;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.junit.jupiter.api.io.TempDir;

/** Shows, when a test has failed, the ends of the logs that its hosts have written below its directory, which goes away. */
public final class TellsLogs implements TestExecutionExceptionHandler, LifecycleMethodExecutionExceptionHandler {

    private static final String LOG = "flynn-host.log";
    private static final int LINES = 80;
    private static final int LONGEST_LINE = 400;

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        tell(context);
        throw failure;
    }

    @Override
    public void handleBeforeAllMethodExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        tell(context);
        throw failure;
    }

    @Override
    public void handleBeforeEachMethodExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        tell(context);
        throw failure;
    }

    private static void tell(ExtensionContext context) throws IOException, IllegalAccessException {
        for (Field field : context.getRequiredTestClass().getDeclaredFields()) {
            Object instance = context.getTestInstance().orElse(null);
            if (field.isAnnotationPresent(TempDir.class)
                    && (instance != null || Modifier.isStatic(field.getModifiers()))) {
                field.setAccessible(true);
                Path directory = (Path) field.get(instance);
                try (Stream<Path> files = Files.walk(directory, 5)) {
                    for (Path log :
                            files.filter(file -> file.endsWith(LOG)).sorted().toList()) {
                        tell(directory.relativize(log), log);
                    }
                }
            }
        }
    }

    private static void tell(Path name, Path log) throws IOException {
        List<String> lines = Files.readAllLines(log).stream()
                .filter(line -> !line.startsWith("\t"))
                .toList();
        System.out.println("---- the last lines of " + name);
        lines.subList(Math.max(0, lines.size() - LINES), lines.size())
                .forEach(line -> System.out.println(line.substring(0, Math.min(line.length(), LONGEST_LINE))));
    }
}
