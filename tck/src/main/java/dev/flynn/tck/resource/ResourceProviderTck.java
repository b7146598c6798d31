package dev.flynn.tck.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.resource.ResourceProvider;
import dev.flynn.spi.resource.ResourceProvider.Provisioned;
import dev.flynn.spi.resource.ResourceRequest;
import dev.flynn.tck.Rule;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apiguardian.api.API;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/**
 * Checks the promises RP-1 to RP-10 of a {@link ResourceProvider}. Extend it, say how the provider is opened, how an app uses what it
 * gives, and what exists at the service behind it, and run it with JUnit.
 *
 * <p>Each test deprovisions what it provisioned. What a failed {@code provision} leaves behind is seen only with a {@link Fault};
 * without {@link #inject} those tests are skipped.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
@Timeout(120)
public abstract class ResourceProviderTck {

    private static final Pattern SECRET_NAME = Pattern.compile("PASS|PWD|SECRET|TOKEN|URL", Pattern.CASE_INSENSITIVE);
    private static final String UNKNOWN_SETTING = "no-such-setting";
    private static final int THREADS = 4;

    private final Set<String> provisioned = new HashSet<>();
    private ResourceProvider provider;

    /** Opens a provider on the same service each time, as a program that is started again does. */
    protected abstract ResourceProvider openProvider();

    /** Connects with nothing but the env of a resource, as an app does; throws if the resource does not accept it. */
    protected abstract ResourceClient connect(Map<String, String> env) throws Exception;

    /** The names of all that exists at the service, such as its databases and users, looked up without the provider. */
    protected abstract Set<String> existing();

    /** Wrong settings, each by the name of the field that is to be refused. */
    protected Map<String, Map<String, Object>> wrongSettings() {
        return Map.of();
    }

    /** Lets something be wrong with the service until the result is closed; empty if that cannot be done here. */
    protected Optional<AutoCloseable> inject(Fault fault) {
        return Optional.empty();
    }

    /** The values of an env that are secret; by default those whose name speaks of a password, a token or a URL. */
    protected Set<String> secrets(Map<String, String> env) {
        return env.entrySet().stream()
                .filter(entry -> SECRET_NAME.matcher(entry.getKey()).find())
                .map(Map.Entry::getValue)
                .collect(Collectors.toSet());
    }

    @BeforeEach
    final void open() {
        provider = openProvider();
    }

    @AfterEach
    final void close() {
        try {
            provisioned.forEach(provider::deprovision);
        } finally {
            provider.close();
        }
    }

    private void reopen() {
        provider.close();
        provider = openProvider();
    }

    private static ResourceRequest anyRequest() {
        return ResourceRequest.withDefaults(UUID.randomUUID().toString());
    }

    private Provisioned provision(ResourceRequest request) {
        Provisioned resource = provider.provision(request);
        synchronized (provisioned) {
            provisioned.add(resource.externalId());
        }
        return resource;
    }

    private void write(Provisioned resource, String value) throws Exception {
        try (ResourceClient client = connect(resource.env())) {
            client.write(value);
        }
    }

    private Optional<String> read(Provisioned resource) throws Exception {
        try (ResourceClient client = connect(resource.env())) {
            return client.read();
        }
    }

    private AutoCloseable need(Fault fault) {
        Optional<AutoCloseable> injected = inject(fault);
        assumeTrue(
                injected.isPresent(), () -> "inject(" + fault + ") is overridden where the service can be broken so");
        return injected.orElseThrow();
    }

    @Rule("RP-1")
    void aResourceCanBeUsedAtOnce() throws Exception {
        Provisioned resource = provision(anyRequest());

        try (ResourceClient client = connect(resource.env())) {
            assertThat(client.read()).as("what a new resource holds").isEmpty();
            client.write("one");
        }
        assertThat(read(resource)).contains("one");
    }

    @Rule("RP-1")
    void whatFailsHalfwayLeavesNothingBehind() throws Exception {
        Set<String> before = existing();
        ResourceRequest request = anyRequest();
        try (AutoCloseable repair = need(Fault.HALFWAY)) {
            assertThat(repair).isNotNull();
            assertThatThrownBy(() -> provision(request)).isInstanceOf(FlynnException.class);
        }

        assertThat(existing()).as("what exists at the service").isEqualTo(before);
        assertThat(read(provision(request))).isEmpty();
    }

    @Rule("RP-2")
    void askingAgainGivesTheSameResource() throws Exception {
        ResourceRequest request = anyRequest();
        Provisioned first = provision(request);
        write(first, "kept");
        Set<String> after = existing();

        assertThat(provision(request)).isEqualTo(first);
        reopen();
        assertThat(provision(request)).isEqualTo(first);

        assertThat(existing()).as("what exists at the service").isEqualTo(after);
        assertThat(read(first)).contains("kept");
    }

    @Rule("RP-2")
    void askingAtTheSameTimeGivesTheSameResource() throws Exception {
        ResourceRequest request = anyRequest();
        List<Provisioned> resources = atOnce(THREADS, i -> provision(request));

        assertThat(new HashSet<>(resources)).hasSize(1);
        assertThat(read(resources.get(0))).isEmpty();
    }

    @Rule("RP-3")
    void anotherRequestGivesAnotherResource() throws Exception {
        Provisioned one = provision(anyRequest());
        Provisioned other = provision(anyRequest());

        assertThat(other.externalId()).isNotEqualTo(one.externalId());
        assertThat(secrets(other.env())).isNotEmpty().doesNotContainAnyElementsOf(secrets(one.env()));
        write(one, "of one");
        assertThat(read(other)).isEmpty();
        write(other, "of the other");
        assertThat(read(one)).contains("of one");
    }

    @Rule("RP-4")
    void whatWasDeprovisionedIsGone() throws Exception {
        Set<String> before = existing();
        ResourceRequest request = anyRequest();
        Provisioned resource = provision(request);
        write(resource, "secret of the first");
        assertThat(existing()).as("what exists at the service").isNotEqualTo(before);

        provider.deprovision(resource.externalId());

        assertThat(existing()).as("what exists at the service").isEqualTo(before);
        assertThatThrownBy(() -> read(resource)).as("use of what is gone").isInstanceOf(Exception.class);
        assertThat(read(provision(request)))
                .as("what a new one of that request holds")
                .isEmpty();
    }

    @Rule("RP-4")
    void whatIsInUseGoesAsWellAndOthersStay() throws Exception {
        Provisioned resource = provision(anyRequest());
        Provisioned other = provision(anyRequest());
        write(other, "stays");
        Throwable use;
        try (ResourceClient client = connect(resource.env())) {
            client.write("in use");
            provider.deprovision(resource.externalId());
            use = catchThrowable(() -> client.write("after the end"));
        } catch (Exception e) {
            use = e;
        }

        assertThat(use).as("use of what is gone").isNotNull();
        assertThat(read(other)).contains("stays");
    }

    @Rule("RP-5")
    void deprovisioningMayBeRepeated() {
        Provisioned resource = provision(anyRequest());

        provider.deprovision(resource.externalId());
        provider.deprovision(resource.externalId());
        reopen();
        provider.deprovision(resource.externalId());
    }

    @Rule("RP-5")
    void idsThatWereNeverGivenDeleteNothing() throws Exception {
        Provisioned resource = provision(anyRequest());
        write(resource, "stays");
        Set<String> before = existing();
        String id = resource.externalId();
        List<String> strange = new ArrayList<>(before);
        strange.addAll(List.of(
                "",
                " ",
                "/",
                "%",
                "_",
                "*",
                "..",
                "'",
                "\0",
                "x' OR '1'='1",
                "`; DROP DATABASE mysql",
                id + "x",
                id + "/..",
                id.substring(0, id.length() - 1),
                "x".repeat(10_000)));
        strange.remove(id);

        for (String each : strange) {
            FlynnException refused = catchThrowableOfType(FlynnException.class, () -> provider.deprovision(each));
            if (refused != null) {
                assertThat(refused.code()).as("deprovision(%s)", each).isEqualTo(ErrorCode.VALIDATION);
            }
            assertThat(existing()).as("what exists after deprovision(%s)", each).isEqualTo(before);
        }
        assertThat(read(resource)).contains("stays");
    }

    @Rule("RP-6")
    void settingsThatAreUnknownOrWrongAreRefusedByName() {
        refuses(UNKNOWN_SETTING, Map.of(UNKNOWN_SETTING, "x"));
        wrongSettings().forEach(this::refuses);
    }

    private void refuses(String field, Map<String, Object> config) {
        Set<String> before = existing();
        var request = new ResourceRequest(UUID.randomUUID().toString(), config);

        FlynnException refused = catchThrowableOfType(FlynnException.class, () -> provision(request));

        assertThat(refused).as("refusal of %s", config.keySet()).isNotNull();
        assertThat(refused.code()).isEqualTo(ErrorCode.VALIDATION);
        assertThat(refused.field()).contains(field);
        assertThat(existing()).as("what exists at the service").isEqualTo(before);
    }

    @Rule("RP-7")
    void secretsAreInNoText() throws Exception {
        String secretSetting = "s3cret-" + UUID.randomUUID();
        var wrong = new ResourceRequest("wrong", Map.of(UNKNOWN_SETTING, secretSetting));
        var text = new StringBuilder();
        Set<String> secrets = new HashSet<>(Set.of(secretSetting));

        String printed = printed(() -> {
            Provisioned resource = provision(anyRequest());
            secrets.addAll(secrets(resource.env()));
            text.append(resource.externalId()).append(resource).append(provider);
            text.append(trace(catchThrowable(() -> provision(wrong))));
            Optional<AutoCloseable> away = inject(Fault.AWAY);
            if (away.isPresent()) {
                try (AutoCloseable repair = away.get()) {
                    text.append(repair == null ? "" : trace(catchThrowable(() -> provision(anyRequest()))));
                    text.append(trace(catchThrowable(() -> provider.deprovision(resource.externalId()))));
                    text.append(trace(catchThrowable(() -> provider.ping())));
                }
            }
            provider.deprovision(resource.externalId());
        });

        assertThat(secrets).as("secrets, without which this shows nothing").hasSizeGreaterThan(1);
        for (String secret : secrets) {
            assertThat((text + printed).contains(secret))
                    .as("a secret is in a text")
                    .isFalse();
        }
    }

    @Rule("RP-8")
    void resultsOfManyThreadsAreNotMixedUp() throws Exception {
        List<Provisioned> resources = atOnce(THREADS, i -> {
            Provisioned passing = provision(anyRequest());
            Provisioned resource = provision(anyRequest());
            provider.deprovision(passing.externalId());
            write(resource, "of " + i);
            return resource;
        });

        assertThat(resources).extracting(Provisioned::externalId).doesNotHaveDuplicates();
        for (int i = 0; i < resources.size(); i++) {
            assertThat(read(resources.get(i))).contains("of " + i);
        }
    }

    @Rule("RP-9")
    void resourcesOutliveTheProvider() throws Exception {
        Set<String> before = existing();
        Provisioned resource = provision(anyRequest());
        provider.close();
        write(resource, "without a provider");
        provider = openProvider();

        assertThat(read(resource)).contains("without a provider");
        provider.deprovision(resource.externalId());
        assertThat(existing()).as("what exists at the service").isEqualTo(before);
    }

    @Rule("RP-10")
    void pingReturnsWhileResourcesCanBeProvisioned() {
        provider.ping();
    }

    @Rule("RP-10")
    void aServiceThatIsAwayIsSaidToBeAndFoundAgain() throws Exception {
        Provisioned resource = provision(anyRequest());
        Set<String> before = existing();
        try (AutoCloseable repair = need(Fault.AWAY)) {
            assertThat(repair).isNotNull();
            isUnavailable(() -> provider.ping());
            isUnavailable(() -> provision(anyRequest()));
            isUnavailable(() -> provider.deprovision(resource.externalId()));
        }

        provider.ping();
        assertThat(existing()).as("what exists at the service").isEqualTo(before);
        provider.deprovision(resource.externalId());
    }

    private static void isUnavailable(Runnable call) {
        FlynnException failure = catchThrowableOfType(FlynnException.class, call::run);
        assertThat(failure).as("failure while the service is away").isNotNull();
        assertThat(failure.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE);
    }

    private interface Call<T> {
        T run(int number) throws Exception;
    }

    private interface Action {
        void run() throws Exception;
    }

    private static <T> List<T> atOnce(int count, Call<T> call) throws Exception {
        var begin = new CountDownLatch(1);
        ExecutorService threads = Executors.newFixedThreadPool(count);
        try {
            List<Future<T>> running = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                int number = i;
                running.add(threads.submit(() -> {
                    begin.await();
                    return call.run(number);
                }));
            }
            begin.countDown();
            List<T> results = new ArrayList<>();
            for (Future<T> each : running) {
                results.add(each.get(60, TimeUnit.SECONDS));
            }
            return results;
        } finally {
            threads.shutdownNow();
        }
    }

    private static String trace(Throwable failure) {
        var text = new StringWriter();
        if (failure != null) {
            failure.printStackTrace(new PrintWriter(text, true));
        }
        return text.toString();
    }

    private static String printed(Action action) throws Exception {
        var bytes = new ByteArrayOutputStream();
        PrintStream out = System.out;
        PrintStream err = System.err;
        try (var capture = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
            System.setOut(capture);
            System.setErr(capture);
            action.run();
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
