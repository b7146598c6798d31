package dev.flynn.network;

import java.util.BitSet;
import java.util.OptionalInt;

/**
 * The addresses of a subnet that jobs can have, given out in ascending order and again from the start: an address that was
 * freed comes last, so that nobody who remembers it meets another job soon. Not thread-safe.
 */
final class AddressPool {

    private final Ipv4Network subnet;
    private final int count;
    private final BitSet taken = new BitSet();
    private int next;

    /** All addresses of the subnet but the network's own, the gateway's and that for broadcasts. */
    AddressPool(Ipv4Network subnet) {
        this.subnet = subnet;
        this.count = (int) Math.max(0, subnet.size() - 3);
    }

    OptionalInt take() {
        int free = taken.nextClearBit(next);
        if (free >= count) {
            free = taken.nextClearBit(0);
        }
        if (free >= count) {
            return OptionalInt.empty();
        }
        taken.set(free);
        next = free + 1;
        return OptionalInt.of(address(free));
    }

    /** Takes this very address; false if somebody has it or nobody can. */
    boolean take(int address) {
        int index = index(address);
        if (index < 0 || index >= count || taken.get(index)) {
            return false;
        }
        taken.set(index);
        return true;
    }

    void free(int address) {
        int index = index(address);
        if (index >= 0 && index < count) {
            taken.clear(index);
        }
    }

    int size() {
        return count;
    }

    private int address(int index) {
        return subnet.first() + 2 + index;
    }

    private int index(int address) {
        return subnet.contains(address) ? address - subnet.first() - 2 : -1;
    }
}
