package dev.flynn.tck.wire;

import static dev.flynn.tck.wire.Profile.FULL;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.EOFException;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The cluster as a whole: status, certificate, backup, domain. */
final class ClusterChecks {

    private static final Pattern ATTACHMENT =
            Pattern.compile("attachment; filename=\"(flynn-backup-\\d{4}-\\d{2}-\\d{2}_\\d{6})\\.tar\"");
    private static final int TAR_BLOCK = 512;

    private ClusterChecks() {}

    static void declare(Catalogue catalogue) {
        catalogue
                .endpoint("cluster/status", "§6.12", "GET /.well-known/status")
                .check("healthy", "200, healthy, with a version", lab -> {
                    JsonNode status = lab.get("/.well-known/status").object();
                    Expect.text(status.path("data"), "status", "healthy");
                    Expect.that(!Expect.text(status.path("data"), "version").isEmpty(), "the version is empty");
                })
                .from(FULL)
                .check("indented", "indented by two spaces, with a newline at the end", lab -> {
                    String text = lab.get("/.well-known/status").ok().text();
                    Expect.that(
                            text.startsWith("{\n  \"data\": {\n    \"") && text.endsWith("}\n"),
                            "has to be indented by two spaces, was \"%s\"",
                            text.replace("\n", "\\n"));
                })
                .check("version", "§13.2", "a version of a date, before the endpoints of 2021 are there", lab -> {
                    String version = lab.get("/.well-known/status")
                            .object()
                            .path("data")
                            .path("version")
                            .asText();
                    Expect.that(
                            version.matches("v\\d{8}\\.\\d+"),
                            "the version has to be vYYYYMMDD.N, was \"%s\"",
                            version);
                });
        catalogue
                .endpoint("cluster/ca-cert", "§6.12", "GET /ca-cert")
                .from(FULL)
                .check("pem", "a certificate in PEM, of type application/x-x509-ca-cert", lab -> {
                    Answer answer = lab.get("/ca-cert").ok().header("Content-Type", "application/x-x509-ca-cert");
                    Expect.that(
                            answer.text().isEmpty() || answer.text().contains("-----BEGIN CERTIFICATE-----"),
                            "no certificate: \"%s\"",
                            answer.text());
                })
                .check("key", "§1.3", "with the key only, or for everybody as in 2021", lab -> {
                    Answer answer = lab.send(Request.of("GET", "/ca-cert"));
                    Expect.that(
                            answer.status() == 200 || answer.status() == 401,
                            "without a key: expected 401, or 200 as in 2021, was %d",
                            answer.status());
                });
        catalogue
                .endpoint("cluster/backup", "§6.13", "GET /backup")
                .from(FULL)
                .check("tar", "a tar that begins with flynn.json", lab -> {
                    LiveStream stream = lab.open(lab.request("GET", "/backup"));
                    backup(lab, stream);
                })
                .check("key-parameter", "§1.3", "the key may be a parameter", lab -> {
                    LiveStream stream = lab.open(Request.of("GET", "/backup?key=" + encoded(lab.key())));
                    Expect.same("status", 200, stream.status());
                });
        catalogue
                .endpoint("cluster/domain", "§6.11", "PUT /domain")
                .from(FULL)
                .check("wrong-old-domain", "an old domain that is not the cluster's is 400", lab -> {
                    Answer answer = lab.put(
                            "/domain", Map.of("id", "", "old_domain", "tck.example.org", "domain", "tck.example.net"));
                    JsonNode error = answer.invalid();
                    Expect.absent(error, "detail");
                    Expect.that(
                            Expect.text(error, "message")
                                    .startsWith("Can't migrate from \"tck.example.org\" when currently using \""),
                            "the message has to say what is the cluster's, was %s",
                            error.path("message"));
                })
                .check("migrates", "§9.2", "routes of the old domain get a twin", lab -> {
                    throw new Inapplicable("a migration changes the whole cluster and cannot be undone");
                });
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static void backup(Lab lab, LiveStream stream) throws IOException {
        Expect.same("status", 200, stream.status());
        Expect.same("Content-Type", "application/tar", stream.contentType());
        var name = ATTACHMENT.matcher(stream.header("Content-Disposition"));
        Expect.that(
                name.matches(),
                "Content-Disposition has to name a file flynn-backup-…tar, was %s",
                stream.header("Content-Disposition"));
        byte[] header = bytes(lab, stream, TAR_BLOCK);
        String entry = text(header, 0, 100);
        Expect.same("first entry", name.group(1) + "/flynn.json", entry);
        Expect.same("mode", "644", text(header, 100, 8).strip().replaceFirst("^0+", ""));
        int size = Integer.parseInt(text(header, 124, 12).strip(), 8);
        byte[] all = bytes(lab, stream, TAR_BLOCK + size);
        String json = new String(all, TAR_BLOCK, size, StandardCharsets.UTF_8);
        Expect.that(json.startsWith("{\n  \"") && json.endsWith("}\n"), "flynn.json has to be indented by two spaces");
        JsonNode apps = Json.read(json);
        for (String app : List.of("controller")) {
            Expect.that(
                    apps.path(app).path("release").path("id").isTextual(),
                    "flynn.json has to have the release of %s",
                    app);
            Expect.text(apps.path(app), "updated_at", Times.NONE);
        }
    }

    private static byte[] bytes(Lab lab, LiveStream stream, int count) throws EOFException {
        while (stream.raw().length < count) {
            if (!stream.readMore(lab.patience())) {
                throw new EOFException("the backup ends after " + stream.raw().length + " bytes");
            }
        }
        return stream.raw();
    }

    private static String text(byte[] block, int offset, int length) {
        String text = new String(block, offset, length, StandardCharsets.UTF_8);
        int end = text.indexOf('\0');
        return end < 0 ? text : text.substring(0, end);
    }
}
