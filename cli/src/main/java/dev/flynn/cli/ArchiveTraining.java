package dev.flynn.cli;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;

/**
 * Runs the usual commands against a controller that it plays itself, so that the class-data archive written at its end
 * holds what they load. Only the launcher's {@code make-archive} calls it.
 */
public final class ArchiveTraining {

    private static final String ALIAS = "training";
    private static final String APP = """
            {"id":"5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b10","name":"training","meta":{"a":"b"},"strategy":"all-at-once",\
            "deploy_timeout":30,"created_at":"2015-12-14T09:12:03.4Z","updated_at":"2015-12-14T09:12:03.4Z"}""";
    private static final String RELEASE = """
            {"id":"f0c6a0b2-74a2-4d5a-92c3-3d5b9dfb8a01","env":{"A":"b"},"processes":{"web":{"cmd":["start"],"resources":\
            {"memory":{"request":1,"limit":1}}}},"created_at":"2015-12-14T09:13:01.2Z"}""";
    private static final String FORMATION = """
            {"app":"5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b10","release":"f0c6a0b2-74a2-4d5a-92c3-3d5b9dfb8a01",\
            "processes":{"web":1},"created_at":"2015-12-14T09:13:02Z","updated_at":"2015-12-14T09:13:02Z"}""";
    private static final String JOB = """
            {"id":"host-7b1c9c64-6f1a-49e6-9d0b-7b1b4dbb9a55","app":"5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b10",\
            "release":"f0c6a0b2-74a2-4d5a-92c3-3d5b9dfb8a01","type":"web","state":"up",\
            "created_at":"2015-12-14T09:13:02Z","updated_at":"2015-12-14T09:13:02Z"}""";
    private static final String ROUTE = """
            {"type":"http","id":"9a1f6c1e-6f60-4c1e-9c43-ffb3a3a6b1f0","parent_ref":"","service":"training-web",\
            "domain":"a.localhost","path":"/","created_at":"2015-12-14T09:13:02Z","updated_at":"2015-12-14T09:13:02Z"}""";
    private static final String LOG = """
            {"host_id":"host","job_id":"host-7b1c","msg":"hello","process_type":"web","source":"app","stream":"stdout",\
            "timestamp":"2015-12-14T09:15:40.120417Z"}
            """;
    private static final List<String> COMMANDS = List.of("apps", "ps", "env", "scale", "route", "info", "log", "help");

    private ArchiveTraining() {}

    /** @param args a PKCS #12 key store with one key, and its password */
    public static void main(String[] args) throws IOException, GeneralSecurityException {
        char[] password = args[1].toCharArray();
        KeyStore keys = KeyStore.getInstance(new java.io.File(args[0]), password);
        Path file = Files.createTempFile("flynn-training", ".toml");
        try (SSLServerSocket server = listen(keys, password)) {
            var accepting = new Thread(() -> accept(server), "training-server");
            accepting.setDaemon(true);
            accepting.start();
            String url = "https://controller.localhost:" + server.getLocalPort();
            Cluster cluster = new Cluster("training", "key", pin(keys), url, "");
            new ClusterFile(file).write(ClusterList.EMPTY.with(cluster));
            COMMANDS.forEach(command -> run(file, command));
        } finally {
            Files.delete(file);
        }
    }

    private static void run(Path file, String command) {
        var environment = new Environment(
                Map.of("FLYNNRC", file.toString(), "FLYNN_APP", "training"), file.toAbsolutePath(), "flynn");
        var nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        var console = new Console(new ByteArrayInputStream(new byte[0]), nowhere, System.err, "");
        int status = new Flynn(environment, console).run(List.of(command));
        if (status != 0) {
            throw new IllegalStateException("flynn " + command + " gave " + status);
        }
    }

    private static SSLServerSocket listen(KeyStore keys, char[] password) throws IOException, GeneralSecurityException {
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, password);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return (SSLServerSocket)
                context.getServerSocketFactory().createServerSocket(0, 50, InetAddress.getLoopbackAddress());
    }

    private static String pin(KeyStore keys) throws GeneralSecurityException {
        byte[] certificate = keys.getCertificate(ALIAS).getEncoded();
        return Base64.getEncoder()
                .encodeToString(MessageDigest.getInstance("SHA-256").digest(certificate));
    }

    private static void accept(SSLServerSocket server) {
        try {
            while (true) {
                Socket socket = server.accept();
                var serving = new Thread(() -> serve(socket), "training-connection");
                serving.setDaemon(true);
                serving.start();
            }
        } catch (IOException closed) {
            // the training is over
        }
    }

    private static void serve(Socket connection) {
        try (connection;
                InputStream in = connection.getInputStream();
                OutputStream out = connection.getOutputStream()) {
            var lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.ISO_8859_1));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String target = line.split(" ", -1)[1];
                while (!line.isEmpty()) {
                    line = lines.readLine();
                }
                byte[] body = reply(target).getBytes(StandardCharsets.UTF_8);
                String head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + body.length
                        + "\r\n\r\n";
                out.write(head.getBytes(StandardCharsets.ISO_8859_1));
                out.write(body);
                out.flush();
            }
        } catch (IOException gone) {
            // the command has what it wanted
        }
    }

    private static String reply(String target) {
        return switch (target) {
            case "/apps" -> "[" + APP + "]";
            case "/apps/training" -> APP;
            case "/apps/training/release" -> RELEASE;
            case "/apps/training/jobs" -> "[" + JOB + "]";
            case "/apps/training/routes" -> "[" + ROUTE + "]";
            case "/apps/training/log" -> LOG;
            case "/.well-known/status" -> "{\"data\":{\"status\":\"healthy\"}}";
            default -> FORMATION;
        };
    }
}
