package dev.flynn.controller.http;

import java.io.IOException;
import org.junit.jupiter.api.BeforeEach;

/** The same, in an application of others. */
class MountedLogTest extends LogTest {

    @Override
    @BeforeEach
    void start() throws IOException {
        super.start();
        HostApplication.mount(controller);
    }
}
