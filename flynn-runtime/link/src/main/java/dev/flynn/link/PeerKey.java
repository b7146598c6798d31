package dev.flynn.link;

/**
 * A host at an address. The address belongs to it because two hosts may have the same id by mistake, and each must be
 * reachable to find that out.
 *
 * @param address {@code ip:port}
 */
record PeerKey(String hostId, String address) {}
