package dev.flynn.client;

import dev.flynn.api.app.App;
import dev.flynn.json.FlynnJson;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The JSON of a client, prepared while its first connection is made: both take a freshly started program a tenth of a
 * second, and people wait for the command line.
 */
final class JsonBinding {

    private final FutureTask<FlynnJson> task;
    private final AtomicBoolean begun = new AtomicBoolean();

    private JsonBinding(FutureTask<FlynnJson> task) {
        this.task = task;
    }

    static JsonBinding of(FlynnJson json) {
        var binding = new JsonBinding(new FutureTask<>(() -> json));
        binding.begun.set(true);
        binding.task.run();
        return binding;
    }

    /** One that is made once it is asked for. */
    static JsonBinding later() {
        return new JsonBinding(new FutureTask<>(() -> {
            var json = new FlynnJson();
            // what is read first decides how long the first answer takes
            var unused = json.readList("[]", App.class);
            return json;
        }));
    }

    /** Begins to make it in the background, unless that has begun. */
    void prepare() {
        if (begun.compareAndSet(false, true)) {
            var thread = new Thread(task, "flynn-json");
            thread.setDaemon(true);
            thread.start();
        }
    }

    FlynnJson get() {
        prepare();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return task.get();
                } catch (InterruptedException e) {
                    // it is nearly there; whoever interrupted is heard afterwards
                    interrupted = true;
                } catch (ExecutionException e) {
                    throw new IllegalStateException("the JSON binding cannot be built", e.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
