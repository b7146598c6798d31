package dev.flynn.git;

import dev.flynn.api.error.FlynnException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Answers to what was asked on another thread. */
final class Answers {

    private Answers() {}

    /** Waits for an answer; what failed then, fails now. */
    static <T> T of(CompletableFuture<T> asked) {
        try {
            return asked.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof FlynnException failure) {
                throw failure;
            }
            throw e;
        }
    }
}
