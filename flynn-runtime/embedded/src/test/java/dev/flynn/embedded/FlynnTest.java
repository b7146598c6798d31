package dev.flynn.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.app.App;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.Event;
import dev.flynn.api.id.AppId;
import dev.flynn.api.job.Job;
import dev.flynn.api.job.JobState;
import dev.flynn.api.log.LogMessage;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.api.resource.Resource;
import dev.flynn.controller.AppCatalog.NewApp;
import dev.flynn.controller.ProviderCatalog.NewResource;
import dev.flynn.controller.ReleaseCatalog.NewArtifact;
import dev.flynn.controller.ReleaseCatalog.NewRelease;
import dev.flynn.spi.builtin.BuiltinJob;
import dev.flynn.spi.builtin.BuiltinProgram;
import dev.flynn.spi.log.AppLogs;
import dev.flynn.spi.resource.ResourceProvider;
import dev.flynn.spi.resource.ResourceRequest;
import dev.flynn.store.MemoryClusterStore;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FlynnTest {

    private static final AppLogs.Query ALL_LINES =
            new AppLogs.Query(Optional.empty(), Optional.empty(), OptionalInt.empty());

    @Test
    void aProgramRunsAsTheJobsOfAnApp() {
        try (Flynn flynn = Flynn.builder().program(new Greeter()).build()) {
            App app = flynn.apps().create(NewApp.named("shop"));
            Release release = release(flynn);

            flynn.formations().scale("shop", release.id(), Map.of("web", 2));

            await().until(() -> up(flynn, app.id()).size() == 2);
            assertThat(messages(flynn, app.id())).containsExactly("hello from web", "hello from web");

            flynn.formations().scale("shop", release.id(), Map.of("web", 0));
            await().until(() -> up(flynn, app.id()).isEmpty());
        }
    }

    @Test
    void aDeploymentReplacesWhatRuns() {
        try (Flynn flynn = Flynn.builder().program(new Greeter()).build()) {
            App app = flynn.apps().create(NewApp.named("shop"));
            Release first = release(flynn);
            flynn.apps().setRelease("shop", first.id().toString());
            flynn.formations().scale("shop", first.id(), Map.of("web", 1));
            await().until(() -> up(flynn, app.id()).size() == 1);

            Release second = release(flynn);
            flynn.deployments().create("shop", second.id().toString());

            await().until(() ->
                    up(flynn, app.id()).stream().map(Job::release).toList().equals(List.of(second.id())));
            await().until(() -> flynn.apps().get("shop").value().release().equals(Optional.of(second.id())));
        }
    }

    @Test
    void aProviderOfTheProgramGivesResourcesAndTakesThemBackWithTheApp() {
        Set<String> stores = ConcurrentHashMap.newKeySet();
        try (var store = new MemoryClusterStore()) {
            for (int i = 0; i < 2; i++) {
                try (Flynn flynn = Flynn.builder()
                        .store(store)
                        .provider("stores", new Stores(stores))
                        .build()) {
                    String app = "shop" + i;
                    flynn.apps().create(NewApp.named(app));

                    Resource resource =
                            flynn.providers().provision("stores", new NewResource(List.of(app), Optional.empty()));

                    assertThat(stores).containsExactly(resource.externalId());
                    assertThat(resource.env()).containsKey("STORE");
                    flynn.apps().delete(app);
                    await().until(stores::isEmpty);
                    await().until(() -> flynn.providers().listResources().isEmpty());
                }
            }
        }
    }

    /** Names of stores by the id of the request. */
    private static final class Stores implements ResourceProvider {

        private final Set<String> stores;

        Stores(Set<String> stores) {
            this.stores = stores;
        }

        @Override
        public Provisioned provision(ResourceRequest request) {
            stores.add(request.id());
            return new Provisioned(request.id(), Map.of("STORE", request.id()));
        }

        @Override
        public void deprovision(String externalId) {
            stores.remove(externalId);
        }

        @Override
        public void ping() {}
    }

    @Test
    void withoutAHostAppsAreKeptAndOneOffJobsAreRefused() {
        try (Flynn flynn = Flynn.builder().build()) {
            App app = flynn.apps().create(NewApp.named("shop"));

            assertThat(flynn.apps().list()).containsExactly(app);
            assertThatThrownBy(() -> flynn.jobs().stop("nobody-1"))
                    .isInstanceOf(FlynnException.class)
                    .hasMessageContaining("nobody-1");
        }
    }

    @Test
    void whatIsNoProgramIsRefusedByAHostOfPrograms() {
        assertThatThrownBy(
                        () -> NoContainers.noHost("host1").getClass().cast(null).toString())
                .isInstanceOf(NullPointerException.class);
        try (Flynn flynn = Flynn.builder().program(new Greeter()).build()) {
            App app = flynn.apps().create(NewApp.named("shop"));
            Artifact artifact = flynn.releases().createArtifact(NewArtifact.of("docker", "https://registry.example"));
            Release release = flynn.releases()
                    .create(NewRelease.of(artifact.id(), Map.of("web", ProcessType.ofCommand(List.of("serve")))));

            flynn.formations().scale("shop", release.id(), Map.of("web", 1));

            await().untilAsserted(() -> assertThat(
                            flynn.controller().state().jobs().table().list())
                    .anySatisfy(job ->
                            assertThat(job.value().hostError().orElse("")).contains("give the builder a backend")));
            assertThat(up(flynn, app.id())).isEmpty();
        }
    }

    @Test
    void twoInOneProgramKnowNothingOfEachOther() {
        try (Flynn one = Flynn.builder().build();
                Flynn other = Flynn.builder().build()) {
            one.apps().create(NewApp.named("shop"));

            assertThat(other.apps().list()).isEmpty();
        }
    }

    @Test
    void twoWithOneStoreAreOneCluster() {
        try (var store = new MemoryClusterStore();
                Flynn one = Flynn.builder()
                        .store(store)
                        .hostId("one")
                        .program(new Greeter())
                        .build();
                Flynn other = Flynn.builder()
                        .store(store)
                        .hostId("other")
                        .program(new Greeter())
                        .build()) {
            App app = one.apps().create(NewApp.named("shop"));
            Release release = release(one);
            other.formations().scale("shop", release.id(), Map.of("web", 2));

            await().until(() -> up(one, app.id()).size() == 2);

            assertThat(up(other, app.id())).isEqualTo(up(one, app.id()));
        }
    }

    @Test
    void whatWasWantedIsWantedAgainByTheNextOne() {
        try (var store = new MemoryClusterStore()) {
            App app;
            try (Flynn flynn =
                    Flynn.builder().store(store).program(new Greeter()).build()) {
                app = flynn.apps().create(NewApp.named("shop"));
                Release release = release(flynn);
                flynn.formations().scale("shop", release.id(), Map.of("web", 1));
                await().until(() -> up(flynn, app.id()).size() == 1);
            }

            try (Flynn flynn =
                    Flynn.builder().store(store).program(new Greeter()).build()) {
                await().until(() -> up(flynn, app.id()).size() == 1
                        && !messages(flynn, app.id()).isEmpty());
            }
        }
    }

    @Test
    void closingLeavesNoThread() {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        try (Flynn flynn = Flynn.builder().program(new Greeter()).build()) {
            App app = flynn.apps().create(NewApp.named("shop"));
            flynn.formations().scale("shop", release(flynn).id(), Map.of("web", 1));
            await().until(() -> up(flynn, app.id()).size() == 1);
            flynn.events().subscribe(new Collector(Long.MAX_VALUE));
        }

        await().untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet().stream()
                        .filter(thread -> !before.contains(thread))
                        .filter(thread -> !thread.getName().startsWith("awaitility"))
                        .map(Thread::getName))
                .isEmpty());
    }

    @Test
    void aSecondCloseDoesNothing() {
        Flynn flynn = Flynn.builder().build();
        flynn.close();
        flynn.close();
    }

    @Test
    void eventsAreToldFromTheSubscriptionOn() {
        try (Flynn flynn = Flynn.builder().build()) {
            flynn.apps().create(NewApp.named("before"));
            var collector = new Collector(Long.MAX_VALUE);
            flynn.events().subscribe(collector);

            flynn.apps().create(NewApp.named("after"));

            await().until(() -> !collector.events.isEmpty());
            assertThat(collector.events.get(0).data()).contains("\"after\"");
        }
    }

    @Test
    void aSubscriberGetsWhatItAskedForAndNothingIsLostMeanwhile() {
        int apps = EventStreams.MAX_WAITING * 3;
        try (Flynn flynn = Flynn.builder().build()) {
            var collector = new Collector(3);
            flynn.eventsAfter(0).subscribe(collector);

            for (int i = 0; i < apps; i++) {
                flynn.apps().create(NewApp.named("app" + i));
            }

            await().until(() -> collector.events.size() == 3);
            collector.request(Long.MAX_VALUE);
            await().until(() -> collector.events.size() == apps);
            assertThat(collector.events.stream().map(Event::id)).isSorted().doesNotHaveDuplicates();
        }
    }

    @Test
    void subscribersCompleteWhenItCloses() {
        var collector = new Collector(1);
        try (Flynn flynn = Flynn.builder().build()) {
            flynn.events().subscribe(collector);
        }
        assertThat(collector.end).containsExactly("complete");
    }

    @Test
    void whoCancelsIsToldNothingMore() {
        try (Flynn flynn = Flynn.builder().build()) {
            var collector = new Collector(Long.MAX_VALUE);
            flynn.events().subscribe(collector);
            flynn.apps().create(NewApp.named("one"));
            await().until(() -> collector.events.size() == 1);

            collector.subscription().cancel();
            flynn.apps().create(NewApp.named("two"));
            var witness = new Collector(Long.MAX_VALUE);
            flynn.eventsAfter(0).subscribe(witness);
            await().until(() -> witness.events.size() == 2);

            assertThat(collector.events).hasSize(1);
        }
    }

    @Test
    void askingForNothingIsAnError() {
        try (Flynn flynn = Flynn.builder().build()) {
            var collector = new Collector(1);
            flynn.events().subscribe(collector);

            collector.request(0);

            await().until(() -> !collector.end.isEmpty());
            assertThat(collector.end.get(0)).contains("at least one");
        }
    }

    @Test
    void anIdOfAHostHasNoDash() {
        assertThatThrownBy(() -> Flynn.builder().hostId("my-host")).hasMessageContaining("my-host");
    }

    private static Release release(Flynn flynn) {
        Artifact artifact = flynn.releases().createArtifact(NewArtifact.of(Artifact.BUILTIN, "builtin:greeter"));
        return flynn.releases()
                .create(NewRelease.of(artifact.id(), Map.of("web", ProcessType.ofCommand(List.of("web")))));
    }

    private static List<Job> up(Flynn flynn, AppId app) {
        return flynn.jobs().of(app).stream()
                .filter(job -> job.state() == JobState.UP)
                .toList();
    }

    private static List<String> messages(Flynn flynn, AppId app) {
        return flynn.logs().read(app, ALL_LINES).stream()
                .map(LogMessage::message)
                .collect(Collectors.toList());
    }

    /** Says hello and stays. */
    private static final class Greeter implements BuiltinProgram {

        @Override
        public String name() {
            return "greeter";
        }

        @Override
        public AutoCloseable start(BuiltinJob job) {
            job.out().println("hello from " + job.spec().cmd().get(0));
            return () -> {};
        }
    }

    private static final class Collector implements Flow.Subscriber<Event> {

        final List<Event> events = new CopyOnWriteArrayList<>();
        final List<String> end = new CopyOnWriteArrayList<>();
        private final long first;
        private volatile Optional<Flow.Subscription> subscription = Optional.empty();

        Collector(long first) {
            this.first = first;
        }

        Flow.Subscription subscription() {
            return subscription.orElseThrow();
        }

        void request(long n) {
            subscription().request(n);
        }

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription = Optional.of(given);
            given.request(first);
        }

        @Override
        public void onNext(Event event) {
            events.add(event);
        }

        @Override
        public void onError(Throwable reason) {
            end.add(String.valueOf(reason.getMessage()));
        }

        @Override
        public void onComplete() {
            end.add("complete");
        }
    }
}
