package com.example.flynn.embedded;

import dev.flynn.spi.builtin.BuiltinJob;
import dev.flynn.spi.builtin.BuiltinProgram;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Work that this program does as jobs: each says something every so often. */
final class Ticker implements BuiltinProgram {

    @Override
    public String name() {
        return "ticker";
    }

    @Override
    public AutoCloseable start(BuiltinJob job) {
        String words = job.env().getOrDefault("WORDS", "tick");
        long millis = Long.parseLong(job.env().getOrDefault("EVERY_MS", "1000"));
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
        timer.scheduleAtFixedRate(() -> job.out().println(words), 0, millis, TimeUnit.MILLISECONDS);
        return timer::shutdownNow;
    }
}
