package carteiro.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Attributes;
import carteiro.mail.Envelope;
import carteiro.mail.Outcome;
import carteiro.mail.RecipientList;
import carteiro.mail.Status;
import carteiro.protocol.Wires.Channel;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What must be understood is not dropped in silence, by either carrier. */
class UnderstoodDeliveriesTest {
    private static final int UNKNOWN = 40_000;
    private static final int TOLD = 1;
    private static final int SCHEDULER_MUST = 2;
    private static final int DELIVERER_MUST = 4;
    private static final Outcome DONE = new Outcome.Delivered(new Status(2, 0, 0), "done\n");

    enum Carrier {
        DIRECT,
        SOCKETS
    }

    @TempDir
    Path folder;

    private final EventLog log =
            new EventLog(OutputStream.nullOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private final List<Deliver.Delivery> tried = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() {
        log.close();
    }

    private List<Outcome> deliver(Carrier carrier, Attributes attributes, Attributes... ofRecipients)
            throws IOException {
        var addresses = new ArrayList<Address>();
        var attributed = new TreeMap<Integer, Attributes>();
        for (Attributes some : ofRecipients) {
            attributed.put(addresses.size(), some);
            addresses.add(new Address(addresses.size() + "@far.example"));
        }
        var delivery = new Deliver.Delivery(
                1, 457, 5, new Envelope(Address.NULL, RecipientList.of(addresses, attributed), attributes), "");
        Wires wires = switch (carrier) {
            case DIRECT -> new DirectWires(new SocketWires(new Installation(folder), log));
            case SOCKETS -> new SocketWires(new Installation(folder), log);
        };
        try (wires;
                Closeable _ = wires.offer(Channel.REMOTE, asked -> {
                    tried.add(asked);
                    return asked.addresses().stream().map(_ -> DONE).toList();
                })) {
            return wires.deliver(Channel.REMOTE).deliver(delivery);
        }
    }

    private static void assertRefused(Outcome outcome, String program) {
        assertThat(outcome)
                .isEqualTo(new Outcome.Deferred(
                        new Status(4, 3, 3),
                        "This build of " + program + " does not know attribute 40000, and must not go on without."
                                + " Start the build that the message came in with. (#4.3.3)\n"));
    }

    @ParameterizedTest
    @EnumSource
    void whatNeedNotBeUnderstoodIsPassedOn(Carrier carrier) throws Exception {
        Attributes some = Attributes.NONE.with(UNKNOWN, TOLD, "x");
        assertThat(deliver(carrier, some, some, Attributes.NONE)).containsExactly(DONE, DONE);
        assertThat(tried).hasSize(1);
        assertThat(tried.getFirst().envelope().attributes()).isEqualTo(some);
        assertThat(tried.getFirst().recipients().attributes(0)).isEqualTo(some);
    }

    @ParameterizedTest
    @EnumSource
    void aMessageThatWhoDeliversMustUnderstandWaits(Carrier carrier) throws Exception {
        List<Outcome> outcomes =
                deliver(carrier, Attributes.NONE.with(UNKNOWN, DELIVERER_MUST, ""), Attributes.NONE, Attributes.NONE);
        assertThat(outcomes).hasSize(2).allSatisfy(outcome -> assertRefused(outcome, "remote"));
        assertThat(tried).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void aMessageThatSendMustUnderstandWaits(Carrier carrier) throws Exception {
        List<Outcome> outcomes = deliver(carrier, Attributes.NONE.with(UNKNOWN, SCHEDULER_MUST, ""), Attributes.NONE);
        assertThat(outcomes).hasSize(1).allSatisfy(outcome -> assertRefused(outcome, "send"));
        assertThat(tried).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void aRecipientThatMustBeUnderstoodWaitsAndTheOthersDoNot(Carrier carrier) throws Exception {
        Attributes must = Attributes.NONE.with(UNKNOWN, DELIVERER_MUST, "x");
        Attributes need = Attributes.NONE.with(UNKNOWN, TOLD, "x");
        List<Outcome> outcomes = deliver(carrier, Attributes.NONE, Attributes.NONE, must, need);
        assertThat(outcomes).hasSize(3);
        assertThat(outcomes.get(0)).isEqualTo(DONE);
        assertRefused(outcomes.get(1), "remote");
        assertThat(outcomes.get(2)).isEqualTo(DONE);
        assertThat(tried).hasSize(1);
        assertThat(tried.getFirst().addresses())
                .containsExactly(new Address("0@far.example"), new Address("2@far.example"));
        assertThat(tried.getFirst().recipients().attributes(1)).isEqualTo(need);
        tried.clear();
        assertRefused(deliver(carrier, Attributes.NONE, must).getFirst(), "remote");
        assertThat(tried).isEmpty();
    }
}
