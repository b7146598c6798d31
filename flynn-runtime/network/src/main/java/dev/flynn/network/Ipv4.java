package dev.flynn.network;

import dev.flynn.api.error.FlynnException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** IPv4 addresses as numbers, so that ranges can be counted through. */
final class Ipv4 {

    private static final Pattern DOTTED = Pattern.compile("(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})");

    private Ipv4() {}

    /** @throws FlynnException {@code VALIDATION} */
    static int parse(String text) {
        Matcher matcher = DOTTED.matcher(text);
        if (!matcher.matches()) {
            throw notAnAddress(text);
        }
        int address = 0;
        for (int part = 1; part <= 4; part++) {
            int octet = Integer.parseInt(matcher.group(part));
            if (octet > 255) {
                throw notAnAddress(text);
            }
            address = address << 8 | octet;
        }
        return address;
    }

    static boolean isAddress(String text) {
        try {
            parse(text);
            return true;
        } catch (FlynnException e) {
            return false;
        }
    }

    static String format(int address) {
        return "%d.%d.%d.%d".formatted(address >>> 24, address >>> 16 & 0xff, address >>> 8 & 0xff, address & 0xff);
    }

    private static FlynnException notAnAddress(String text) {
        return FlynnException.invalid("\"%s\" is not an IPv4 address".formatted(text));
    }
}
