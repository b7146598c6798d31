package dev.flynn.containers.docker;

import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.JobId;
import java.nio.charset.StandardCharsets;

/** What the host has to say of a job, as lines of the job's log. */
record JobConsole(JobId job, Mailbox mailbox, Listeners listeners) {

    void say(String text) {
        byte[] line = (text + "\n").getBytes(StandardCharsets.UTF_8);
        mailbox.add(() -> listeners.deliver(job, OutputStreamKind.INIT, line));
    }
}
