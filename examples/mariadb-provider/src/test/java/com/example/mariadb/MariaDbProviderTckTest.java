package com.example.mariadb;

import dev.flynn.spi.resource.ResourceProvider;
import dev.flynn.tck.resource.Fault;
import dev.flynn.tck.resource.ResourceClient;
import dev.flynn.tck.resource.ResourceProviderTck;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The provider keeps its promises on a real server. */
class MariaDbProviderTckTest extends ResourceProviderTck {

    @TempDir
    static Path directory;

    private static MariaDbServer server;

    @BeforeAll
    static void startServer() throws Exception {
        server = MariaDbServer.start(directory);
        server.execute(List.of(
                "CREATE USER provisioner IDENTIFIED BY 'admin-s3cret'",
                "GRANT CREATE USER, CONNECTION ADMIN ON *.* TO provisioner",
                "GRANT SELECT ON mysql.user TO provisioner",
                "GRANT ALL ON `app%`.* TO provisioner WITH GRANT OPTION"));
    }

    @AfterAll
    static void stopServer() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    @Override
    protected ResourceProvider openProvider() {
        return new MariaDbProvider(
                new MariaDbProvider.Server("127.0.0.1", server.port(), "provisioner", "admin-s3cret", "disable"),
                "a secret");
    }

    @Override
    protected ResourceClient connect(Map<String, String> env) throws SQLException {
        Connection connection =
                server.connect(env.get("MYSQL_DATABASE"), env.get("MYSQL_USER"), env.get("MYSQL_PWD"));
        Statement sql = connection.createStatement();
        sql.execute("CREATE TABLE IF NOT EXISTS kept (value TEXT)");
        return new ResourceClient() {

            @Override
            public void write(String value) throws SQLException {
                sql.execute("DELETE FROM kept");
                sql.execute("INSERT INTO kept VALUES ('" + value + "')");
            }

            @Override
            public Optional<String> read() throws SQLException {
                try (ResultSet rows = sql.executeQuery("SELECT value FROM kept")) {
                    return rows.next() ? Optional.of(rows.getString(1)) : Optional.empty();
                }
            }

            @Override
            public void close() throws SQLException {
                connection.close();
            }
        };
    }

    @Override
    protected Set<String> existing() {
        Set<String> all = new HashSet<>();
        try (Connection connection = server.asRoot();
                Statement sql = connection.createStatement();
                ResultSet rows = sql.executeQuery("SELECT CONCAT('schema ', schema_name) FROM information_schema.schemata"
                        + " UNION SELECT CONCAT('user ', user) FROM mysql.user")) {
            while (rows.next()) {
                all.add(rows.getString(1));
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        return all;
    }

    @Override
    protected Map<String, Map<String, Object>> wrongSettings() {
        return Map.of("charset", Map.of("charset", "x; DROP DATABASE mysql"));
    }

    @Override
    protected Optional<AutoCloseable> inject(Fault fault) {
        try {
            if (fault == Fault.AWAY) {
                server.stop();
                return Optional.of(server::start);
            }
            server.execute(List.of("REVOKE CREATE USER ON *.* FROM provisioner"));
            return Optional.of(() -> server.execute(List.of("GRANT CREATE USER ON *.* TO provisioner")));
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
