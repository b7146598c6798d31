package dev.flynn.dns;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What a name leads to, sorted out once for all queries until something changes.
 *
 * @param all every instance
 * @param ipv4 one for each IPv4 address
 * @param ipv6 one for each IPv6 address
 * @param distinct one for each address
 */
record Endpoints(List<Endpoint> all, List<Endpoint> ipv4, List<Endpoint> ipv6, List<Endpoint> distinct) {

    static Endpoints of(List<Endpoint> all) {
        List<Endpoint> ipv4 = onePerAddress(all, Endpoint::isIpv4);
        List<Endpoint> ipv6 = onePerAddress(all, Endpoint::isIpv6);
        List<Endpoint> distinct = new ArrayList<>(ipv4);
        distinct.addAll(ipv6);
        return new Endpoints(List.copyOf(all), ipv4, ipv6, List.copyOf(distinct));
    }

    private static List<Endpoint> onePerAddress(List<Endpoint> endpoints, Predicate<Endpoint> family) {
        Set<ByteBuffer> seen = new HashSet<>();
        return endpoints.stream()
                .filter(one -> family.test(one) && seen.add(ByteBuffer.wrap(one.address())))
                .toList();
    }
}
