package dev.flynn.distro;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/** A program that runs until SIGINT or SIGTERM, and whose process ends only once everything is closed. */
final class Foreground implements AutoCloseable {

    private final CountDownLatch stopWanted = new CountDownLatch(1);
    private final CountDownLatch stopped = new CountDownLatch(1);

    /** Where this process's own log goes from now on. */
    static void startLogging(Path file) {
        System.setProperty(LogSettings.FILE, file.toString());
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
        LoggerFactory.getLogger(Foreground.class).info("flynn-host {} starts", VersionCommand.version());
    }

    void stopOnSignals() {
        Runtime.getRuntime().addShutdownHook(new Thread(this::stopAndWait, "shutdown"));
    }

    /** As a signal does. */
    void stop() {
        stopWanted.countDown();
    }

    /** Returns when the program is to stop. */
    void awaitStop() throws InterruptedException {
        stopWanted.await();
    }

    /** @throws InterruptedException if the program is to stop */
    void pause(Duration time) throws InterruptedException {
        if (stopWanted.await(time.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new InterruptedException("the program is to stop");
        }
    }

    private void stopAndWait() {
        stopWanted.countDown();
        try {
            stopped.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Everything is closed: the process may end. */
    @Override
    public void close() {
        stopped.countDown();
    }
}
