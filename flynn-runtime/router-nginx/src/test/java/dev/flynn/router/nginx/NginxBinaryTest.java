package dev.flynn.router.nginx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.flynn.api.error.FlynnException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class NginxBinaryTest {

    private static final Path PATH = Path.of("/usr/sbin/nginx");

    @Test
    void aModuleThatIsThereIsLoaded() {
        String about =
                "nginx version: nginx/1.22.1\nconfigure arguments: --modules-path=/m --with-http_v2_module --with-stream=dynamic";

        NginxBinary found = NginxBinary.of(PATH, about, path -> true);
        assertThat(found.version()).isEqualTo("1.22.1");
        assertThat(found.streams()).isTrue();
        assertThat(found.http2()).isTrue();
        assertThat(found.streamModule()).contains(Path.of("/m/ngx_stream_module.so"));
        assertThat(NginxBinary.of(PATH, about, path -> false).streams()).isFalse();
    }

    @Test
    void whatIsBuiltInNeedsNoModule() {
        NginxBinary found = NginxBinary.of(
                PATH, "nginx version: openresty/1.25.3\nconfigure arguments: --with-stream", path -> false);

        assertThat(found.streams()).isTrue();
        assertThat(found.streamModule()).isEmpty();
        assertThat(found.http2()).isFalse();
    }

    @Test
    void whatIsTooOldOrNoNginxIsRefused() {
        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(() -> NginxBinary.of(PATH, "nginx version: nginx/1.18.0", path -> true))
                .withMessageContaining("1.21.4 or newer");
        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(() -> NginxBinary.of(PATH, "Usage: true", path -> true))
                .withMessageContaining("/usr/sbin/nginx");
        assertThatExceptionOfType(FlynnException.class).isThrownBy(() -> NginxBinary.at(Path.of("/nowhere/nginx")));
    }
}
