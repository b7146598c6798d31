package com.example.mariadb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A MariaDB server in a directory of its own, on a port of its own. */
final class MariaDbServer implements AutoCloseable {

    private final Path directory;
    private final int port;
    private Process process;

    private MariaDbServer(Path directory, int port) {
        this.directory = directory;
        this.port = port;
    }

    static MariaDbServer start(Path directory) throws Exception {
        try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var server = new MariaDbServer(directory, free.getLocalPort());
            free.close();
            Process install = server.run(
                    "mariadb-install-db",
                    "--no-defaults",
                    "--auth-root-authentication-method=normal",
                    "--skip-test-db");
            if (install.waitFor() != 0) {
                throw new IOException("mariadb-install-db failed, see " + server.log());
            }
            server.start();
            return server;
        }
    }

    void start() throws IOException {
        process = run(
                "mariadbd",
                "--no-defaults",
                "--bind-address=127.0.0.1",
                "--port=" + port,
                "--socket=" + directory.resolve("sock"),
                "--pid-file=" + directory.resolve("pid"),
                "--innodb-buffer-pool-size=16M",
                "--innodb-flush-log-at-trx-commit=0");
        try {
            await().atMost(Duration.ofSeconds(15)).pollInterval(Duration.ofMillis(100)).untilAsserted(() -> {
                try (Connection connection = asRoot()) {
                    assertThat(connection.isValid(1)).isTrue();
                } catch (SQLException e) {
                    throw new AssertionError("the server does not answer yet", e);
                }
            });
        } catch (RuntimeException e) {
            process.destroyForcibly();
            throw e;
        }
    }

    void stop() throws InterruptedException {
        process.destroy();
        process.waitFor();
    }

    int port() {
        return port;
    }

    Connection asRoot() throws SQLException {
        return connect("", "root", "");
    }

    Connection connect(String database, String user, String password) throws SQLException {
        return DriverManager.getConnection("jdbc:mariadb://127.0.0.1:%d/%s?sslMode=disable".formatted(port, database), user, password);
    }

    void execute(List<String> statements) throws SQLException {
        try (Connection connection = asRoot();
                Statement sql = connection.createStatement()) {
            for (String each : statements) {
                sql.execute(each);
            }
        }
    }

    @Override
    public void close() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor();
    }

    private Path log() {
        return directory.resolve("log");
    }

    private Process run(String program, String... options) throws IOException {
        List<String> command = new ArrayList<>(List.of(program));
        command.addAll(List.of(options));
        command.add("--datadir=" + directory.resolve("data"));
        command.add("--user=" + System.getProperty("user.name"));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
                .start();
    }
}
