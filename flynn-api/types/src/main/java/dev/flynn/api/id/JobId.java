package dev.flynn.api.id;

import dev.flynn.api.error.FlynnException;
import java.util.UUID;
import org.apiguardian.api.API;

/**
 * The identity of one job: {@code <host id>-<uuid>}. Host ids contain no dash, so the host is what stands before the
 * first one (contract: controller, Jobs and scheduler).
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record JobId(String value) {

    public JobId {
        int dash = value.indexOf('-');
        if (dash < 1 || dash == value.length() - 1) {
            throw FlynnException.invalid("\"%s\" is not a job id; a job id is <host>-<uuid>".formatted(value));
        }
    }

    /** A fresh id on a host. */
    public static JobId random(String hostId) {
        return new JobId(hostId + "-" + UUID.randomUUID());
    }

    /** The host that the job belongs to. */
    public String hostId() {
        return value.substring(0, value.indexOf('-'));
    }

    /** Whether the job belongs to that host. */
    public boolean isOn(String hostId) {
        return value.startsWith(hostId) && value.indexOf('-') == hostId.length();
    }

    /** What follows the host id; the job sees it as its {@code HOSTNAME}. */
    public String uuid() {
        return value.substring(value.indexOf('-') + 1);
    }

    @Override
    public String toString() {
        return value;
    }
}
