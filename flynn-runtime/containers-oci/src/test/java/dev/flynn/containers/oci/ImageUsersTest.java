package dev.flynn.containers.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.containers.oci.ContainerPlan.User;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageUsersTest {

    @TempDir
    Path directory;

    private ImageUsers users;

    @BeforeEach
    void image() throws IOException {
        Path top = Files.createDirectories(directory.resolve("top/etc"));
        Path base = Files.createDirectories(directory.resolve("base/etc"));
        Files.writeString(base.resolve("passwd"), "web:x:1:1::/old:/bin/sh\n");
        Files.writeString(top.resolve("passwd"), "root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1001::/home/web:/bin/sh\n");
        Files.writeString(base.resolve("group"), "root:x:0:\nlogs:x:4:web,root\nweb:x:1001:\n");
        users = ImageUsers.of(List.of(top.getParent(), base.getParent()));
    }

    @Test
    void namesAreThoseOfTheTopmostLayer() throws IOException {
        User user = users.user("web");

        assertThat(user).isEqualTo(new User(1000, 1001, List.of(4L)));
        assertThat(users.home(user)).isEqualTo("/home/web");
    }

    @Test
    void nobodyIsRoot() throws IOException {
        assertThat(users.user("")).isEqualTo(new User(0, 0, List.of(4L)));
        assertThat(users.home(User.ROOT)).isEqualTo("/root");
    }

    @Test
    void numbersNeedNoEntry() throws IOException {
        assertThat(users.user("77")).isEqualTo(new User(77, 0));
        assertThat(users.user("77:logs")).isEqualTo(new User(77, 4));
        assertThat(users.user("web:0")).isEqualTo(new User(1000, 0));
        assertThat(users.home(new User(77, 0))).isEqualTo("/");
    }

    @Test
    void aNameThatTheImageDoesNotKnowIsRefused() {
        assertThatThrownBy(() -> users.user("stranger")).hasMessageContaining("stranger");
        assertThatThrownBy(() -> users.user("web:strangers")).hasMessageContaining("strangers");
    }
}
