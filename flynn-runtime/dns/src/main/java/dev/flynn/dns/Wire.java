package dev.flynn.dns;

/** Numbers of the DNS protocol (RFC 1035, 2782, 3596, 6891). */
final class Wire {

    static final int HEADER_BYTES = 12;
    static final int MAX_NAME_BYTES = 255;
    static final int MAX_LABEL_BYTES = 63;
    static final int MAX_MESSAGE_BYTES = 65_535;

    /** What every resolver takes over UDP, and what we send at most to one that takes more. */
    static final int UDP_BYTES = 512;

    static final int EDNS_BYTES = 1232;

    static final int CLASS_IN = 1;
    static final int CLASS_ANY = 255;

    static final int TYPE_A = 1;
    static final int TYPE_SOA = 6;
    static final int TYPE_AAAA = 28;
    static final int TYPE_SRV = 33;
    static final int TYPE_OPT = 41;
    static final int TYPE_ANY = 255;

    static final int FLAG_RESPONSE = 0x8000;
    static final int FLAG_AUTHORITATIVE = 0x0400;
    static final int FLAG_TRUNCATED = 0x0200;
    static final int FLAG_RECURSION_DESIRED = 0x0100;
    static final int FLAG_RECURSION_AVAILABLE = 0x0080;
    static final int OPCODE_MASK = 0x7800;

    static final int NO_ERROR = 0;
    static final int FORMAT_ERROR = 1;
    static final int SERVER_FAILURE = 2;
    static final int NAME_ERROR = 3;
    static final int NOT_IMPLEMENTED = 4;
    static final int REFUSED = 5;

    /** An extended code: its upper bits are in the OPT record. */
    static final int BAD_VERSION = 16;

    /** The first of the two bytes that point to a name written earlier. */
    static final int POINTER = 0xC0;

    private Wire() {}
}
