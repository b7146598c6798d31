package dev.flynn.containers.docker;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.JobId;
import java.util.HashMap;
import java.util.Map;

/** The addresses of a subnet, one for each job; one that was given back is used again as late as possible. Thread-safe. */
final class Addresses {

    private final int first;
    private final int count;
    private final int gateway;
    private final Map<Integer, JobId> taken = new HashMap<>();
    private int next;

    private Addresses(int first, int count, int gateway, int next) {
        this.first = first;
        this.count = count;
        this.gateway = gateway;
        this.next = next;
    }

    /**
     * @param subnet such as {@code 10.1.2.0/24}
     * @param seed where to begin: those who share a network seldom meet if theirs differ
     */
    static Addresses of(String subnet, String gateway, int seed) {
        String[] parts = subnet.split("/", 2);
        int prefix = parts.length == 2 ? parse(parts[1], 32) : 32;
        if (prefix < 8 || prefix > 29) {
            throw FlynnException.invalidField("subnet", "must have a prefix of 8 to 29, was \"" + subnet + "\"");
        }
        int size = 1 << (32 - prefix);
        return new Addresses(number(parts[0]) & -size, size, number(gateway), Math.floorMod(seed, size));
    }

    synchronized String lease(JobId job) {
        for (int i = 0; i < count; i++) {
            next = next % (count - 2) + 1;
            int candidate = first + next;
            if (candidate != gateway && !taken.containsKey(candidate)) {
                taken.put(candidate, job);
                return text(candidate);
            }
        }
        throw new FlynnException(
                ErrorCode.NO_CAPACITY, "all addresses of the subnet of " + text(first) + " are in use by jobs");
    }

    /** A job has this address already. */
    synchronized void keep(JobId job, String address) {
        taken.put(number(address), job);
    }

    synchronized void release(JobId job) {
        taken.values().removeIf(job::equals);
    }

    private static int number(String address) {
        String[] bytes = address.split("\\.", -1);
        if (bytes.length != 4) {
            throw FlynnException.invalidField(
                    "subnet", "must be of IPv4, such as 10.1.2.0/24, was \"" + address + "\"");
        }
        int number = 0;
        for (String part : bytes) {
            number = (number << 8) | parse(part, 255);
        }
        return number;
    }

    private static int parse(String digits, int max) {
        try {
            int value = Integer.parseInt(digits);
            if (value >= 0 && value <= max) {
                return value;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw FlynnException.invalidField("subnet", "has \"" + digits + "\", which is no number up to " + max);
    }

    private static String text(int address) {
        return (address >>> 24) + "." + ((address >>> 16) & 255) + "." + ((address >>> 8) & 255) + "."
                + (address & 255);
    }
}
