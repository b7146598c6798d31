package com.example.flynn.spring;

import dev.flynn.spi.builtin.BuiltinJob;
import dev.flynn.spi.builtin.BuiltinProgram;

/** Java code that runs as jobs, named by an artifact of type {@code builtin} with the URI {@code builtin:greeter}. */
final class Greeter implements BuiltinProgram {

    @Override
    public String name() {
        return "greeter";
    }

    @Override
    public AutoCloseable start(BuiltinJob job) {
        job.out().println("hello from " + job.env().getOrDefault("FLYNN_JOB_ID", "a job"));
        return () -> {};
    }
}
