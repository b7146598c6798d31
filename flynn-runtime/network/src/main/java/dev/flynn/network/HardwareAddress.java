package dev.flynn.network;

import java.util.Random;

/** Hardware addresses (MAC) of our own making. */
final class HardwareAddress {

    private HardwareAddress() {}

    /** @param first the first octet, whose second lowest bit says that no manufacturer gave it out */
    static String random(int first, Random random) {
        byte[] tail = new byte[5];
        random.nextBytes(tail);
        return "%02x:%02x:%02x:%02x:%02x:%02x".formatted(first, tail[0], tail[1], tail[2], tail[3], tail[4]);
    }
}
