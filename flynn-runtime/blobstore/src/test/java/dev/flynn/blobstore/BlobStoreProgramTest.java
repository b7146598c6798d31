package dev.flynn.blobstore;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.base.BlobSignature;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.builtin.BuiltinJob;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.state.ClusterState;
import dev.flynn.store.MemoryClusterStore;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class BlobStoreProgramTest {

    private static final String KEY = "5up3r s3cr3t";

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @TempDir
    Path directory;

    private final MemoryClusterStore store = new MemoryClusterStore();
    private final ClusterState state = new ClusterState(store, new FlynnJson(), Clock.systemUTC());
    private final Discovery discovery = StoreDiscovery.builder(store).build();

    private int port;
    private @Nullable AutoCloseable program;

    @BeforeEach
    void start() throws Exception {
        start(0);
    }

    private void start(long reserveBytes) throws Exception {
        port = BlobCluster.freePort();
        program = new BlobStoreProgram(directory, state, discovery)
                .start(new Job(Map.of(
                        "LISTEN_IP",
                        "127.0.0.1",
                        "PORT",
                        Integer.toString(port),
                        "CONTROLLER_KEY",
                        KEY,
                        "DISK_RESERVE_BYTES",
                        Long.toString(reserveBytes))));
    }

    @AfterEach
    void stop() throws Exception {
        if (program != null) {
            program.close();
            program = null;
        }
    }

    @AfterEach
    void closeCluster() throws Exception {
        stop();
        discovery.close();
        store.close();
    }

    // ---- the contract's life of an object

    @Test
    void anObjectLives() throws Exception {
        assertThat(get("/repos/a.tar").statusCode()).isEqualTo(404);
        assertThat(head("/repos/a.tar").statusCode()).isEqualTo(404);
        assertThat(get("/repos/a.tar").body()).isEqualTo("NotFound\n");

        HttpResponse<String> put = put("/repos/a.tar", "first", "application/x-tar");
        assertThat(put.statusCode()).isEqualTo(200);
        assertThat(put.body()).isEmpty();

        HttpResponse<String> got = get("/repos/a.tar");
        assertThat(got.statusCode()).isEqualTo(200);
        assertThat(got.body()).isEqualTo("first");
        assertThat(header(got, "Content-Type")).isEqualTo("application/x-tar");
        assertThat(header(got, "Content-Length")).isEqualTo("5");
        assertThat(header(got, "Last-Modified")).endsWith("GMT");

        put("/repos/a.tar", "the second", "text/plain");
        HttpResponse<String> head = head("/repos/a.tar");
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(header(head, "Content-Length")).isEqualTo("10");
        assertThat(header(head, "Content-Type")).isEqualTo("text/plain");
        assertThat(header(head, "Etag")).isNotEqualTo(header(got, "Etag"));
        assertThat(get("/repos/a.tar").body()).isEqualTo("the second");

        assertThat(send("DELETE", "/repos/a.tar").statusCode()).isEqualTo(200);
        assertThat(send("DELETE", "/repos/a.tar").statusCode()).isEqualTo(200);
        assertThat(get("/repos/a.tar").statusCode()).isEqualTo(404);
        assertThat(head("/repos/a.tar").statusCode()).isEqualTo(404);
    }

    @Test
    void theEtagIsABareDigestAndIsAcceptedSo() throws Exception {
        put("/a", "abc", "text/plain");
        String etag = header(get("/a"), "Etag");

        assertThat(etag).matches("[0-9a-f]{128}");
        assertThat(get("/a", "If-None-Match", etag).statusCode()).isEqualTo(304);
        assertThat(get("/a", "If-None-Match", "\"" + etag + "\"").statusCode()).isEqualTo(304);
        assertThat(get("/a", "If-None-Match", "\"other\", \"" + etag + "\"").statusCode())
                .isEqualTo(304);
        assertThat(get("/a", "If-None-Match", "other").statusCode()).isEqualTo(200);
    }

    @Test
    void whatWasNotModifiedIsNotSent() throws Exception {
        put("/a", "abc", "text/plain");
        String date = header(get("/a"), "Last-Modified");

        assertThat(get("/a", "If-Modified-Since", date).statusCode()).isEqualTo(304);
        assertThat(get("/a", "If-Modified-Since", "Sat, 01 Jan 2000 00:00:00 GMT")
                        .statusCode())
                .isEqualTo(200);
        assertThat(get("/a", "If-Modified-Since", "yesterday").statusCode()).isEqualTo(200);
    }

    @Test
    void aRangeIsServed() throws Exception {
        put("/a", "0123456789", "text/plain");

        HttpResponse<String> part = get("/a", "Range", "bytes=2-4");
        assertThat(part.statusCode()).isEqualTo(206);
        assertThat(part.body()).isEqualTo("234");
        assertThat(header(part, "Content-Range")).isEqualTo("bytes 2-4/10");
        assertThat(get("/a", "Range", "bytes=-3").body()).isEqualTo("789");

        HttpResponse<String> beyond = get("/a", "Range", "bytes=10-");
        assertThat(beyond.statusCode()).isEqualTo(416);
        assertThat(header(beyond, "Content-Range")).isEqualTo("bytes */10");
    }

    @Test
    void aRangeOfWhatHasChangedIsTheWhole() throws Exception {
        put("/a", "0123456789", "text/plain");
        HttpResponse<String> whole = get("/a");

        assertThat(get("/a", "Range", "bytes=2-4", "If-Range", header(whole, "Etag"))
                        .statusCode())
                .isEqualTo(206);
        assertThat(get("/a", "Range", "bytes=2-4", "If-Range", header(whole, "Last-Modified"))
                        .statusCode())
                .isEqualTo(206);
        assertThat(get("/a", "Range", "bytes=2-4", "If-Range", "other").statusCode())
                .isEqualTo(200);
        assertThat(get("/a", "Range", "bytes=2-4", "If-Range", "Sat, 01 Jan 2000 00:00:00 GMT")
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void otherMethodsAreRefused() throws Exception {
        HttpResponse<String> answer = send("POST", "/a");

        assertThat(answer.statusCode()).isEqualTo(405);
        assertThat(answer.body()).isEmpty();
    }

    @Test
    void theRootIsNoObject() throws Exception {
        assertThat(get("/").statusCode()).isEqualTo(404);
        assertThat(put("/", "x", "text/plain").statusCode()).isEqualTo(404);
    }

    @Test
    void aPathThatWouldLeaveTheStoreIsRefused() throws Exception {
        assertThat(statusLine("GET /../secret HTTP/1.1\r\n" + authorization() + "Host: b\r\nConnection: close\r\n\r\n"))
                .contains(" 400 ");
        assertThat(statusLine("PUT /%2e%2e/secret HTTP/1.1\r\n" + authorization()
                        + "Host: b\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx"))
                .contains(" 400 ");
        assertThat(put("/" + "k".repeat(1025), "x", "text/plain").statusCode()).isEqualTo(400);
        assertThat(get("/" + "k".repeat(1025)).statusCode()).isEqualTo(404);
        assertThat(files()).isZero();
    }

    @Test
    void aPathIsCleaned() throws Exception {
        put("/a/./../b//c", "x", "text/plain");

        assertThat(get("/b/c").body()).isEqualTo("x");
    }

    @Test
    void anEscapedPathIsTheKeyItMeans() throws Exception {
        put("/a%20b", "x", "text/plain");

        assertThat(state.store().list("blobs/").entries()).extracting("key").containsExactly("blobs/a b");
        assertThat(get("/a%20b").body()).isEqualTo("x");
    }

    @Test
    void aPutThatIsTiedToAContentIsRefusedWhenThereIsAnother() throws Exception {
        put("/a", "first", "text/plain");
        String etag = header(get("/a"), "Etag");

        assertThat(putIf("/a", "second", "If-None-Match", "*")).isEqualTo(412);
        assertThat(putIf("/b", "new", "If-None-Match", "*")).isEqualTo(200);
        assertThat(putIf("/a", "second", "If-Match", "\"" + etag + "\"")).isEqualTo(200);
        assertThat(putIf("/a", "third", "If-Match", etag)).isEqualTo(412);
        assertThat(putIf("/c", "third", "If-Match", etag)).isEqualTo(412);
        assertThat(get("/a").body()).isEqualTo("second");
        assertThat(get("/c").statusCode()).isEqualTo(404);
    }

    private int putIf(String path, String content, String header, String value) throws Exception {
        HttpRequest request = authorized(path)
                .header(header, value)
                .PUT(BodyPublishers.ofString(content))
                .build();
        return client.send(request, BodyHandlers.ofString()).statusCode();
    }

    @Test
    void whatHostsKeepForEachOtherIsNoObjectAndNeedsTheKey() throws Exception {
        String copy = "/.well-known/copies/5a4ba4b3-b4b1-4e67-b10a-5fe4c5e7b6e1";
        String signature = "?sig=" + new BlobSignature(KEY).sign("PUT", copy);

        assertThat(put("/.well-known/mine", "x", "text/plain").statusCode()).isEqualTo(400);
        assertThat(anonymous("PUT", copy + signature).statusCode()).isEqualTo(401);
        assertThat(anonymous("GET", copy).statusCode()).isEqualTo(401);
        assertThat(get(copy).statusCode()).isEqualTo(404);
        assertThat(get("/.well-known/copies/../../secret").statusCode()).isEqualTo(404);
        assertThat(files()).isZero();
    }

    // ---- who may

    @Test
    void theStatusIsOpenAndNothingElse() throws Exception {
        put("/a", "abc", "text/plain");

        HttpResponse<String> status = anonymous("GET", "/.well-known/status");
        assertThat(status.statusCode()).isEqualTo(200);
        assertThat(status.body()).isEqualTo("{\"data\":{\"status\":\"healthy\"}}");
        for (String method : List.of("GET", "HEAD", "PUT", "DELETE", "POST")) {
            assertThat(anonymous(method, "/a").statusCode()).as(method).isEqualTo(401);
            assertThat(anonymous(method, "/none").statusCode()).as(method).isEqualTo(401);
        }
        assertThat(get("/a").body()).isEqualTo("abc");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Basic ", "Basic !!!", "Bearer x", "Basic dXNlcjp3cm9uZw==", "Basic dXNlcg=="})
    void otherCredentialsAreRefused(String credentials) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(uri("/a"))
                .header("Authorization", credentials)
                .build();

        assertThat(client.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(401);
    }

    @Test
    void aSignedUrlAllowsOneThingWithOneObject() throws Exception {
        put("/a", "abc", "text/plain");
        put("/b", "abc", "text/plain");
        String signature = "?sig=" + new BlobSignature(KEY).sign("GET", "/a");

        assertThat(anonymous("GET", "/a" + signature).body()).isEqualTo("abc");
        assertThat(anonymous("GET", "/b" + signature).statusCode()).isEqualTo(401);
        assertThat(anonymous("PUT", "/a" + signature).statusCode()).isEqualTo(401);
        assertThat(anonymous("DELETE", "/a" + signature).statusCode()).isEqualTo(401);
        assertThat(anonymous("GET", "/a?sig=").statusCode()).isEqualTo(401);
    }

    // ---- what goes wrong

    @Test
    void anUploadThatBreaksOffStoresNothing() throws Exception {
        put("/a", "old", "text/plain");
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.getOutputStream()
                    .write(("PUT /a HTTP/1.1\r\nHost: b\r\n" + authorization()
                                    + "Content-Length: 1000000\r\n\r\nonly the begin")
                            .getBytes(ISO_8859_1));
            socket.getOutputStream().flush();
            await().until(() -> files() > 1);
        }

        await().until(() -> files() == 1);
        assertThat(get("/a").body()).isEqualTo("old");
    }

    @Test
    void aChunkedUploadThatBreaksOffStoresNothing() throws Exception {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.getOutputStream()
                    .write(("PUT /a HTTP/1.1\r\nHost: b\r\n" + authorization()
                                    + "Transfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n")
                            .getBytes(ISO_8859_1));
            socket.getOutputStream().flush();
            await().until(() -> files() > 0);
        }

        await().until(() -> files() == 0);
        assertThat(get("/a").statusCode()).isEqualTo(404);
    }

    @Test
    void aPutIsRefusedBeforeTheReserveIsTouchedAndReadingGoesOn() throws Exception {
        put("/a", "abc", "text/plain");
        stop();
        start(Long.MAX_VALUE / 2);

        HttpResponse<String> refused = put("/b", "abc", "text/plain");
        assertThat(refused.statusCode()).isEqualTo(507);
        assertThat(refused.body()).contains("storing /b refused", "reserved for the platform", directory.toString());
        assertThat(get("/a").body()).isEqualTo("abc");
        assertThat(get("/b").statusCode()).isEqualTo(404);
        assertThat(send("DELETE", "/a").statusCode()).isEqualTo(200);
    }

    @Test
    void aPutThatAnnouncesMoreThanThereIsRoomForIsRefusedAtOnce() throws Exception {
        String answer = statusLine(
                "PUT /a HTTP/1.1\r\nHost: b\r\n" + authorization() + "Content-Length: 9000000000000000000\r\n\r\n");

        assertThat(answer).contains(" 507 ");
        assertThat(files()).isZero();
    }

    @Test
    void aMissingSettingIsNamed() {
        assertThatThrownBy(() -> new BlobStoreProgram(directory, state, discovery)
                        .start(new Job(Map.of("LISTEN_IP", "127.0.0.1", "PORT", "1"))))
                .hasMessageContaining("CONTROLLER_KEY");
    }

    // ---- sizes

    @Test
    void aLargeObjectComesBackAsItWas() throws Exception {
        byte[] large = new byte[10_500_000];
        new Random(1).nextBytes(large);
        client.send(authorized("/large").PUT(BodyPublishers.ofByteArray(large)).build(), BodyHandlers.discarding());

        HttpResponse<byte[]> got = client.send(authorized("/large").build(), BodyHandlers.ofByteArray());

        assertThat(Arrays.equals(got.body(), large)).isTrue();
    }

    @Test
    void aReaderThatHasBegunKeepsTheOldContent() throws Exception {
        byte[] old = new byte[20 << 20];
        Arrays.fill(old, (byte) 'o');
        client.send(authorized("/a").PUT(BodyPublishers.ofByteArray(old)).build(), BodyHandlers.discarding());

        try (InputStream in = client.send(authorized("/a").build(), BodyHandlers.ofInputStream())
                .body()) {
            assertThat(in.read()).isEqualTo('o');
            put("/a", "new", "text/plain");
            assertThat(Arrays.equals(in.readAllBytes(), Arrays.copyOf(old, old.length - 1)))
                    .isTrue();
        }
        assertThat(get("/a").body()).isEqualTo("new");
    }

    // ---- helpers

    private long files() throws IOException {
        try (var files = Files.list(directory)) {
            return files.count();
        }
    }

    private HttpResponse<String> get(String path, String... headers) throws Exception {
        HttpRequest.Builder request = authorized(path);
        return client.send((headers.length == 0 ? request : request.headers(headers)).build(), BodyHandlers.ofString());
    }

    private HttpResponse<String> head(String path) throws Exception {
        return send("HEAD", path);
    }

    private HttpResponse<String> put(String path, String content, String type) throws Exception {
        HttpRequest request = authorized(path)
                .header("Content-Type", type)
                .PUT(BodyPublishers.ofString(content))
                .build();
        return client.send(request, BodyHandlers.ofString());
    }

    private HttpResponse<String> send(String method, String path) throws Exception {
        return client.send(
                authorized(path).method(method, BodyPublishers.noBody()).build(), BodyHandlers.ofString());
    }

    private HttpResponse<String> anonymous(String method, String path) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(uri(path))
                .method(method, BodyPublishers.noBody())
                .build();
        return client.send(request, BodyHandlers.ofString());
    }

    private HttpRequest.Builder authorized(String path) {
        return HttpRequest.newBuilder(uri(path)).header("Authorization", "Basic " + credentials());
    }

    private static String authorization() {
        return "Authorization: Basic " + credentials() + "\r\n";
    }

    private static String credentials() {
        return Base64.getEncoder().encodeToString(("user:" + KEY).getBytes(UTF_8));
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }

    private static String header(HttpResponse<?> response, String name) {
        return response.headers().firstValue(name).orElseThrow();
    }

    private String statusLine(String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.getOutputStream().write(request.getBytes(ISO_8859_1));
            socket.getOutputStream().flush();
            var answer = new StringBuilder();
            for (int b = socket.getInputStream().read();
                    b >= 0 && b != '\r';
                    b = socket.getInputStream().read()) {
                answer.append((char) b);
            }
            return answer.toString();
        }
    }

    private record Job(Map<String, String> env) implements BuiltinJob {

        Job {
            env = new HashMap<>(env);
        }

        @Override
        public JobSpec spec() {
            return JobSpec.ofCommand(
                    JobId.random("test"), new JobSpec.Image("builtin", "builtin:blobstore"), List.of());
        }

        @Override
        public PrintStream out() {
            return System.out;
        }

        @Override
        public PrintStream err() {
            return System.err;
        }

        @Override
        public void fail(Throwable reason) {
            throw new AssertionError(reason);
        }
    }
}
