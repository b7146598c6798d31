package dev.flynn.network;

import dev.flynn.api.error.FlynnException;

/**
 * A range of IPv4 addresses: {@code 100.100.7.0/24}.
 *
 * @param address the first address of the range
 * @param length how many leading bits all its addresses share, 0 to 32
 */
public record Ipv4Network(String address, int length) {

    public Ipv4Network {
        if (length < 0 || length > 32) {
            throw FlynnException.invalid("a prefix length is 0 to 32, was " + length);
        }
        if ((Ipv4.parse(address) & ~mask(length)) != 0) {
            throw FlynnException.invalid("%s/%d is not a network: its first address is %s"
                    .formatted(address, length, Ipv4.format(Ipv4.parse(address) & mask(length))));
        }
    }

    /**
     * Reads {@code <address>/<length>}.
     *
     * @throws FlynnException {@code VALIDATION}
     */
    public static Ipv4Network parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0 || !text.substring(slash + 1).matches("\\d{1,2}")) {
            throw FlynnException.invalid("\"%s\" is not a network of the form 100.100.0.0/16".formatted(text));
        }
        return new Ipv4Network(text.substring(0, slash), Integer.parseInt(text.substring(slash + 1)));
    }

    static Ipv4Network of(int address, int length) {
        return new Ipv4Network(Ipv4.format(address & mask(length)), length);
    }

    /** How many addresses there are. */
    public long size() {
        return 1L << (32 - length);
    }

    public boolean contains(String other) {
        return contains(Ipv4.parse(other));
    }

    public boolean contains(Ipv4Network other) {
        return other.length >= length && contains(other.first());
    }

    public boolean overlaps(Ipv4Network other) {
        return contains(other.first()) || other.contains(first());
    }

    /** The address that a host has in its own subnet: the first usable one. */
    public String gateway() {
        return Ipv4.format(first() + 1);
    }

    boolean contains(int other) {
        return (other & mask(length)) == first();
    }

    int first() {
        return Ipv4.parse(address);
    }

    int last() {
        return first() | ~mask(length);
    }

    /** The network of this length that is {@code steps} further. */
    Ipv4Network plus(int steps) {
        return of((int) (first() + steps * size()), length);
    }

    @Override
    public String toString() {
        return address + "/" + length;
    }

    private static int mask(int length) {
        return length == 0 ? 0 : -1 << (32 - length);
    }
}
