package com.example.flynn.embedded;

import dev.flynn.api.app.App;
import dev.flynn.api.event.Event;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.controller.AppCatalog.NewApp;
import dev.flynn.controller.ReleaseCatalog.NewArtifact;
import dev.flynn.controller.ReleaseCatalog.NewRelease;
import dev.flynn.controller.http.ControllerConfig;
import dev.flynn.controller.http.ControllerWeb;
import dev.flynn.embedded.Flynn;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;

/** A program that runs its workers as the jobs of an app, and lets the flynn command look at them. */
public final class EmbeddedController {

    private EmbeddedController() {}

    public static void main(String[] arguments) throws Exception {
        String key = UUID.randomUUID().toString();
        try (Flynn flynn = Flynn.builder().program(new Ticker()).build();
                ControllerWeb web = ControllerWeb.start(
                        ControllerConfig.fromEnv(Map.of("PORT", "0", "AUTH_KEY", key)), flynn.controller())) {
            flynn.events().subscribe(new Printer());

            App app = flynn.apps().create(NewApp.named("workers"));
            Release release = release(flynn, Map.of("WORDS", "at work"));
            flynn.apps().setRelease(app.name(), release.id().toString());
            flynn.formations().scale(app.name(), release.id(), Map.of("worker", 2));

            System.out.printf("Try: curl -u :%s http://127.0.0.1:%d/apps/workers/jobs%n", key, web.port());
            System.out.printf("     curl -u :%s http://127.0.0.1:%d/apps/workers/log%n", key, web.port());
            System.out.println("Ctrl-C ends it.");
            untilInterrupted();
        }
    }

    /** What the workers are: which program, with which environment. */
    static Release release(Flynn flynn, Map<String, String> env) {
        Artifact program = flynn.releases().createArtifact(NewArtifact.of(Artifact.BUILTIN, "builtin:ticker"));
        return flynn.releases()
                .create(NewRelease.of(program.id(), Map.of("worker", ProcessType.ofCommand(List.of())))
                        .withEnv(env));
    }

    private static void untilInterrupted() throws InterruptedException {
        Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            main.interrupt();
            try {
                main.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException ended) {
            System.out.println("Ending the workers.");
        }
    }

    /** Prints what happens, one event at a time. */
    private static final class Printer implements Flow.Subscriber<Event> {

        private Flow.Subscription subscription;

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription = given;
            given.request(1);
        }

        @Override
        public void onNext(Event event) {
            System.out.printf("%d %s %s%n", event.id(), event.objectType(), event.objectId());
            subscription.request(1);
        }

        @Override
        public void onError(Throwable reason) {
            reason.printStackTrace();
        }

        @Override
        public void onComplete() {
            System.out.println("No more events.");
        }
    }
}
