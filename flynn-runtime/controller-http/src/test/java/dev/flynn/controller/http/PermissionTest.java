package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.access.Scope;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.spi.auth.Principal;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PermissionTest {

    private static final Scope APP = Scope.ofApp(AppId.random());

    @TempDir
    Path directory;

    /** A new endpoint is for admin only until somebody has said in {@link Permission} whom it is for. */
    @Test
    void everyEndpointSaysWhatItNeeds() throws IOException {
        try (TestController controller = TestController.start(directory)) {
            assertThat(controller.paths().requests()).hasSizeGreaterThan(50).allSatisfy(request -> {
                String[] parts = request.split(" ");
                assertThat(Permission.of(parts[0], parts[1])).isPresent();
            });
        }
    }

    @Test
    void whatNobodyHasThoughtAboutHasNoPermission() {
        assertThat(Permission.of("GET", "/nothing")).isEmpty();
        assertThat(Permission.of("POST", "/apps-of-others")).isEmpty();
    }

    /** Per request: which of the keys admin, read, deploy, app, app+read, app+deploy may send it. */
    @ParameterizedTest
    @CsvSource({
        "GET, /apps, admin read deploy app app+read app+deploy",
        "GET, /apps/{app}, admin read deploy app app+read app+deploy",
        "GET, /apps/{app}/log, admin read deploy app app+read app+deploy",
        "GET, /ca-cert, admin read deploy app app+read app+deploy",
        "GET, /apps/{app}/releases/{release}/slug, admin deploy app app+deploy",
        "PUT, /apps/{app}/releases/{release}/slug, admin app",
        "POST, /apps/{app}/deploy, admin deploy app app+deploy",
        "POST, /releases, admin deploy app app+deploy",
        "POST, /artifacts, admin deploy app app+deploy",
        "PUT, /apps/{app}/release, admin app",
        "PUT, /apps/{app}/formations/{release}, admin app",
        "POST, /apps/{app}/jobs, admin app",
        "DELETE, /apps/{app}, admin app",
        "GET, /artifacts, admin read",
        "GET, /providers/{provider}/resources, admin read",
        "POST, /apps, admin",
        "GET, /formations, admin",
        "GET, /backup, admin",
        "PUT, /domain, admin",
        "POST, /providers/{provider}/resources, admin",
        "GET, /audit, admin",
        "GET, /acme, admin",
        "PUT, /acme, admin",
        "DELETE, /acme, admin",
        "GET, /access-keys, admin",
        "POST, /access-keys, admin",
        "DELETE, /access-keys/{key}, admin"
    })
    void isForTheseKeys(String method, String template, String allowed) {
        Permission permission = Permission.of(method, template).orElseThrow();
        Set<String> expected = Arrays.stream(allowed.split(" ")).collect(Collectors.toSet());

        for (String name : new String[] {"admin", "read", "deploy", "app", "app+read", "app+deploy"}) {
            Principal principal = new Principal(name, scopes(name));
            if (expected.contains(name)) {
                assertThatCode(() -> permission.require(principal)).as(name).doesNotThrowAnyException();
            } else {
                assertThatThrownBy(() -> permission.require(principal))
                        .as(name)
                        .hasMessageContaining("the key " + name)
                        .hasMessageContaining("needs")
                        .isInstanceOfSatisfying(
                                FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.FORBIDDEN));
            }
        }
    }

    private static Set<Scope> scopes(String names) {
        return Arrays.stream(names.split("\\+"))
                .map(name -> name.equals("app") ? APP : Scope.parse(name))
                .collect(Collectors.toSet());
    }
}
