package dev.flynn.dns;

import static dev.flynn.dns.TestDns.answers;
import static dev.flynn.dns.TestDns.data;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.Type;

/** The contract, layer 0, section 5.9, and its surprises 25 and 31. */
@Timeout(60)
class DnsServerTest {

    private final TestDns dns = new TestDns();

    @AfterEach
    void close() {
        dns.close();
    }

    // ---- names

    @Test
    void aServiceIsItsInstances() {
        dns.register("web", "http", "10.0.0.1:80");
        dns.register("web", "http", "10.0.0.2:80");
        awaitAnswers("web.discoverd", 2);

        Message answer = dns.ask("web.discoverd", Type.A);

        assertThat(answers(answer)).containsExactly("10.0.0.1", "10.0.0.2");
        assertThat(answer.getSection(Section.ANSWER)).allMatch(record -> record.getTTL() == 0);
        assertThat(answer.getHeader().getFlag(Flags.AA)).isTrue();
        assertThat(answer.getHeader().getFlag(Flags.RA)).isFalse();
        assertThat(answer.getSection(Section.AUTHORITY)).isEmpty();
    }

    @Test
    void servicesComeAndGo() {
        Instance web = dns.register("web", "http", "10.0.0.1:80");
        awaitAnswers("web.discoverd", 1);

        dns.discovery.deregister("web", web.id());

        await().until(() -> dns.ask("web.discoverd", Type.A).getRcode() == Rcode.NXDOMAIN);
    }

    @Test
    void aNameWithAProtocolIsTheInstancesWithThatProtocol() {
        dns.register("db", "tcp", "10.0.0.1:5432");
        dns.register("db", "http", "10.0.0.2:80");
        awaitAnswers("db.discoverd", 2);

        assertThat(answers(dns.ask("_db._tcp.discoverd", Type.A))).containsExactly("10.0.0.1");
        assertThat(answers(dns.ask("_db._http.discoverd", Type.A))).containsExactly("10.0.0.2");
        assertNoData(dns.ask("_db._udp.discoverd", Type.A));
        assertNameError(dns.ask("_nothing._tcp.discoverd", Type.A));
    }

    @Test
    void theLeaderIsTheLeaderOnly() {
        Instance first = dns.register("db", "tcp", "10.0.0.1:5432");
        dns.register("db", "tcp", "10.0.0.2:5432");
        awaitAnswers("db.discoverd", 2);
        assertThat(answers(dns.ask("leader.db.discoverd", Type.A))).containsExactly("10.0.0.1");
        assertThat(answers(dns.ask("leader.db.discoverd", Type.SRV))).containsExactly("1 1 5432 leader.db.discoverd.");

        dns.discovery.deregister("db", first.id());

        await().until(() -> answers(dns.ask("leader.db.discoverd", Type.A)).equals(Set.of("10.0.0.2")));
    }

    @Test
    void theManualLeaderIsWhoWasSetAlsoWhenItComesBack() {
        dns.discovery.createService("db", LeaderType.MANUAL);
        dns.register("db", "tcp", "10.0.0.1:5432");
        Instance second = dns.register("db", "tcp", "10.0.0.2:5432");
        awaitAnswers("db.discoverd", 2);
        assertNameError(dns.ask("leader.db.discoverd", Type.A));

        dns.discovery.setLeader("db", second.id());
        await().until(() -> answers(dns.ask("leader.db.discoverd", Type.A)).equals(Set.of("10.0.0.2")));
        dns.discovery.deregister("db", second.id());
        await().until(() -> dns.ask("leader.db.discoverd", Type.A).getRcode() == Rcode.NXDOMAIN);
        dns.register("db", "tcp", "10.0.0.2:5432");
        await().until(() -> answers(dns.ask("leader.db.discoverd", Type.A)).equals(Set.of("10.0.0.2")));
    }

    @Test
    void anInstanceHasANameOfItsOwn() {
        dns.register("web", "http", "10.0.0.1:80");
        Instance second = dns.register("web", "http", "10.0.0.2:8080");
        awaitAnswers("web.discoverd", 2);
        String name = second.id() + ".web._i.discoverd";

        assertThat(answers(dns.ask(name, Type.A))).containsExactly("10.0.0.2");
        assertThat(answers(dns.ask(name, Type.SRV))).containsExactly("1 1 8080 " + name + ".");
        assertNameError(dns.ask("0".repeat(32) + ".web._i.discoverd", Type.A));
        assertNameError(dns.ask(second.id() + ".db._i.discoverd", Type.A));
    }

    @Test
    void aServiceWithoutInstancesAndAnythingElseIsNoName() {
        dns.discovery.createService("empty", LeaderType.OLDEST);
        dns.register("web", "http", "10.0.0.1:80");
        awaitAnswers("web.discoverd", 1);

        for (String name : List.of(
                "empty.discoverd",
                "nothing.discoverd",
                "a.b.discoverd",
                "leader.empty.discoverd",
                "x.leader.web.discoverd",
                "web.x._i.y.discoverd",
                "web._http.discoverd",
                "_web.http.discoverd")) {
            assertNameError(dns.ask(name, Type.A));
        }
    }

    @Test
    void lettersCountInAnyCaseAndAnswersRepeatTheSpelling() {
        Instance web = dns.register("web", "http", "10.0.0.1:80");
        awaitAnswers("web.discoverd", 1);

        for (String name : List.of(
                "WeB.DiscoverD",
                "_WEB._HTTP.discoverd",
                "LEADER.web.discoverd",
                web.id().toUpperCase(java.util.Locale.ROOT) + ".wEb._I.discoverd")) {
            Message answer = dns.ask(name, Type.A);
            assertThat(answer.getSection(Section.ANSWER)).as(name).hasSize(1);
            assertThat(answer.getSection(Section.ANSWER).get(0).getName()).hasToString(name + ".");
        }
    }

    // ---- types

    @Test
    void serviceRecordsNameTheInstances() {
        Instance web = dns.register("web", "http", "10.0.0.1:8080");
        awaitAnswers("web.discoverd", 1);

        Message overUdp = dns.ask("_web._http.discoverd", Type.SRV);
        Message overTcp = dns.askOverTcp("web.discoverd", Type.SRV);

        String target = web.id() + ".web._i.discoverd.";
        assertThat(answers(overUdp)).containsExactly("1 1 8080 " + target);
        assertThat(overUdp.getSection(Section.ADDITIONAL)).isEmpty();
        assertThat(answers(overTcp)).containsExactly("1 1 8080 " + target);
        assertThat(overTcp.getSection(Section.ADDITIONAL)).hasSize(1);
        Record address = overTcp.getSection(Section.ADDITIONAL).get(0);
        assertThat(address.getName()).hasToString(target);
        assertThat(address.rdataToString()).isEqualTo("10.0.0.1");
    }

    @Test
    void addressesAreOfTheFamilyThatIsAskedForAndNoneTwice() {
        dns.register("web", "http", "10.0.0.1:80");
        dns.register("web", "http", "10.0.0.1:81");
        dns.register("web", "http", "[2001:db8::1]:80");
        dns.register("web", "http", "named.example.com:80");
        await().until(() ->
                dns.ask("web.discoverd", Type.AAAA).getSection(Section.ANSWER).size() == 1);

        assertThat(data(dns.askOverTcp("web.discoverd", Type.A), Section.ANSWER))
                .containsExactly("10.0.0.1");
        assertThat(data(dns.ask("web.discoverd", Type.AAAA), Section.ANSWER)).containsExactly("2001:db8:0:0:0:0:0:1");
        assertThat(answers(dns.askOverTcp("web.discoverd", Type.SRV))).hasSize(4);
    }

    @Test
    void anyIsAddressesThenServices() {
        dns.register("web", "http", "10.0.0.1:80");
        dns.register("web", "http", "10.0.0.1:81");
        dns.register("web", "http", "10.0.0.2:80");
        awaitAnswers("web.discoverd", 2);

        Message answer = dns.ask("web.discoverd", Type.ANY);

        assertThat(answer.getSection(Section.ANSWER))
                .extracting(Record::getType)
                .containsExactly(Type.A, Type.A, Type.SRV, Type.SRV);
    }

    @Test
    void theZoneHasARecord() {
        dns.register("web", "http", "10.0.0.1:80");
        awaitAnswers("web.discoverd", 1);
        String soa = "ns.discoverd. postmaster.discoverd. " + TestDns.NOW.getEpochSecond() + " 3600 600 86400 0";

        assertThat(data(dns.ask("web.discoverd", Type.SOA), Section.ANSWER)).containsExactly(soa);
        assertThat(data(dns.ask("discoverd", Type.SOA), Section.ANSWER)).containsExactly(soa);
        Message other = dns.ask("web.discoverd", Type.TXT);
        assertNoData(other);
        assertThat(data(other, Section.AUTHORITY)).containsExactly(soa);
        assertNoData(dns.ask("web.discoverd", Type.AAAA));
        assertNoData(dns.ask("discoverd", Type.A));
    }

    // ---- many instances

    @Test
    void overUdpThereAreThreeAtMostInAnotherOrderEachTimeAndNoSignOfIt() {
        for (int i = 1; i <= 5; i++) {
            dns.register("web", "http", "10.0.0." + i + ":80");
        }
        await().until(() -> answers(dns.askOverTcp("web.discoverd", Type.A)).size() == 5);

        Set<List<String>> orders = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            Message answer = dns.ask("web.discoverd", Type.A);
            assertThat(answers(answer)).hasSize(3);
            assertThat(answer.getHeader().getFlag(Flags.TC)).isFalse();
            orders.add(data(answer, Section.ANSWER));
        }
        assertThat(orders).hasSizeGreaterThan(10);
        Message any = dns.ask("web.discoverd", Type.ANY);
        assertThat(any.getSection(Section.ANSWER)).hasSize(6);
    }

    @Test
    void overTcpAllAreThereUntilAMessageIsFull() {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            String ip = "10.1." + i / 250 + "." + i % 250;
            all.add(ip);
            dns.register("web", "http", ip + ":80");
        }
        await().until(() -> dns.askOverTcp("web.discoverd", Type.A)
                        .getSection(Section.ANSWER)
                        .size()
                == 1000);
        assertThat(answers(dns.askOverTcp("web.discoverd", Type.A))).containsExactlyInAnyOrderElementsOf(all);

        Message services = dns.askOverTcp("web.discoverd", Type.SRV);
        assertThat(services.getHeader().getFlag(Flags.TC)).isTrue();
        assertThat(services.getSection(Section.ANSWER)).hasSizeBetween(500, 999);
    }

    @Test
    void anAnswerThatDoesNotFitIsCutOffAndSaysSo() {
        String service = "a".repeat(63);
        for (int i = 1; i <= 3; i++) {
            dns.register(service, "http", "10.0.0." + i + ":80");
        }
        awaitAnswers(service + ".discoverd", 3);

        Message small = dns.ask(service + ".discoverd", Type.ANY);
        assertThat(small.getHeader().getFlag(Flags.TC)).isTrue();
        assertThat(small.toWire(65_535).length).isLessThanOrEqualTo(512);

        SimpleResolver large = dns.resolver();
        large.setEDNS(0, 4096, 0, List.of());
        Message all = TestDns.ask(large, service + ".discoverd", Type.ANY);
        assertThat(all.getHeader().getFlag(Flags.TC)).isFalse();
        assertThat(all.getSection(Section.ANSWER)).hasSize(6);
    }

    // ---- EDNS

    @Test
    void whoSpeaksEdnsIsAnsweredWithIt() {
        SimpleResolver resolver = dns.resolver();
        resolver.setEDNS(0, 4096, 0, List.of());

        OPTRecord opt = TestDns.ask(resolver, "nothing.discoverd", Type.A).getOPT();

        assertThat(opt.getPayloadSize()).isEqualTo(Wire.EDNS_BYTES);
        assertThat(opt.getVersion()).isZero();
        assertThat(dns.ask("nothing.discoverd", Type.A).getOPT()).isNull();
    }

    @Test
    void anotherVersionOfEdnsIsRefused() throws java.io.IOException {
        Message query = Message.newQuery(Record.newRecord(Name.fromString("nothing.discoverd."), Type.A, DClass.IN));
        query.addRecord(new OPTRecord(4096, 0, 1), Section.ADDITIONAL);

        Message answer = dns.resolver().send(query);

        assertThat(answer.getRcode()).isEqualTo(Rcode.BADVERS);
    }

    // ---- its place

    @Test
    void withoutRecursorsOtherNamesFail() {
        Message answer = dns.ask("example.com", Type.A);

        assertThat(answer.getRcode()).isEqualTo(Rcode.SERVFAIL);
        assertThat(answer.getHeader().getFlag(Flags.RA)).isFalse();
    }

    @Test
    void aPortThatIsTakenIsRefused() {
        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(() ->
                        DnsServer.builder(dns.discovery, dns.server.address()).start())
                .matches(e -> e.code() == ErrorCode.CONFLICT);
    }

    @Test
    void twoServersShareAnAddressWhileOneTakesOver() {
        try (var first = DnsServer.builder(dns.discovery, new java.net.InetSocketAddress("127.0.0.1", 0))
                        .shared()
                        .start();
                var second = DnsServer.builder(dns.discovery, first.address())
                        .shared()
                        .start()) {
            assertThat(second.address()).isEqualTo(first.address());
        }
    }

    @Test
    void whatIsRegisteredBeforeTheStartIsKnownAtOnce() {
        dns.register("web", "http", "10.0.0.1:80");
        dns.discovery.register("web", Instance.of("http", "10.0.0.2:80", Map.of()));

        try (var late = DnsServer.builder(dns.discovery, new java.net.InetSocketAddress("127.0.0.1", 0))
                .start()) {
            var resolver = dns.resolver();
            resolver.setAddress(late.address());
            assertThat(answers(TestDns.ask(resolver, "web.discoverd", Type.A))).hasSize(2);
        }
    }

    // ---- helpers

    private void awaitAnswers(String name, int count) {
        await().until(() -> answers(dns.ask(name, Type.A)).size() == count);
    }

    private static void assertNameError(Message answer) {
        assertThat(answer.getRcode()).isEqualTo(Rcode.NXDOMAIN);
        assertThat(answer.getSection(Section.ANSWER)).isEmpty();
        assertThat(answer.getSection(Section.AUTHORITY))
                .extracting(Record::getType)
                .containsExactly(Type.SOA);
    }

    private static void assertNoData(Message answer) {
        assertThat(answer.getRcode()).isEqualTo(Rcode.NOERROR);
        assertThat(answer.getSection(Section.ANSWER)).isEmpty();
        assertThat(answer.getSection(Section.AUTHORITY))
                .extracting(Record::getType)
                .containsExactly(Type.SOA);
    }
}
