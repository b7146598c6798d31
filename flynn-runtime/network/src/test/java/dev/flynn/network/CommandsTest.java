package dev.flynn.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandsTest {

    private final Commands commands = new Commands(NetworkNamespace.current());

    @Test
    void aMachineThatLacksToolsSaysWhichAndWhereTheyAre(@TempDir Path empty) {
        var without = new Commands(NetworkNamespace.current(), empty.toString());

        assertThatThrownBy(without::requireTools)
                .isInstanceOfSatisfying(
                        FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE))
                .hasMessageContaining("the command ip (Debian package iproute2)")
                .hasMessageContaining("the command iptables (Debian package iptables)");
    }

    @Test
    void aScriptEndsAtItsFirstFailureAndTheMessageHasWhatItSaid() {
        assertThatThrownBy(() -> commands.sh("echo one; echo two >&2; false; echo three"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("status 1")
                .hasMessageContaining("one")
                .hasMessageContaining("two")
                .hasMessageNotContaining("three");
    }

    @Test
    void outputIsReturned() throws IOException {
        assertThat(commands.sh("echo hello")).isEqualTo("hello\n");
    }
}
